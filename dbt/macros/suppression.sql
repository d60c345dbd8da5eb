{#
  Small numbers of people (domain: C) in published tables. A count of 1 to 4 becomes NULL, a true 0
  stays 0, and what it could be worked out from goes with it (withhold.sql). Whoever shows a row also
  shows `is_suppressed`.
#}

{# The condition that a count is too small to show. #}
{% macro is_small(count) -%}
    ({{ count }} between 1 and 4)
{%- endmacro %}

{# Any of several counts is too small; NULL counts are not. #}
{% macro any_small(counts) -%}
    ({%- for count in counts %}{{ 'coalesce(' ~ is_small(count) ~ ', false)' }}{% if not loop.last %} or {% endif %}{% endfor -%})
{%- endmacro %}

{#
  The rows of a relation, which has one for each `key`, and of each count in `splits` whether it has
  to be withheld, as is_<count>_withheld. `splits` says what adds up: of each total its parts, by name
  and how they are counted, those too that are not published, for they could be worked out as the
  rest. The first total is part of nothing; one that is a part itself comes after its own total.
#}
{% macro with_withheld(relation, key, splits) -%}
    {%- set top = splits[0].total -%}
    {%- set levels = {top: 0} -%}
    {%- set cells = [{'name': top, 'count': top}] -%}
    {%- for split in splits -%}
        {%- for name, count in split.parts.items() -%}
            {%- do levels.update({name: levels[split.total] + 1}) -%}
            {%- do cells.append({'name': name, 'count': count, 'total': split.total, 'split': split.by}) -%}
        {%- endfor -%}
    {%- endfor -%}
    with numbered as (
        select
            *,
            row_number() over (order by {{ key | join(', ') }}) as row_number
        from {{ relation }}
    ),

    cells as (
        {%- for cell in cells %}
        select
            row_number,
            '{{ cell.name }}' as cell_name,
            row_number || ':{{ cell.name }}' as cell_key,
            {{ "row_number || ':" ~ cell.total ~ "'" if cell.total else 'cast(null as varchar)' }} as parent_key,
            {{ "'" ~ cell.split ~ "'" if cell.split else 'cast(null as varchar)' }} as partition_code,
            {{ levels[cell.name] }} as level_number,
            {{ cell.count }} as cell_count
        from numbered
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ),

    withheld as (
        {{ withheld_cells('cells', levels.values() | max) }}
    ),

    withheld_of_rows as (
        select
            cells.row_number,
            {%- for cell in cells %}
            max(case when cells.cell_name = '{{ cell.name }}' and withheld.is_withheld then 1 else 0 end) = 1 as is_{{ cell.name }}_withheld
            {{- ',' if not loop.last }}
            {%- endfor %}
        from cells
        inner join withheld on cells.cell_key = withheld.cell_key
        group by cells.row_number
    )

    select
        numbered.*,
        {%- for cell in cells %}
        withheld_of_rows.is_{{ cell.name }}_withheld{{ ',' if not loop.last }}
        {%- endfor %}
    from numbered
    inner join withheld_of_rows on numbered.row_number = withheld_of_rows.row_number
{%- endmacro %}

{# A total split into one published part and the rest, which is not. #}
{% macro part_and_rest(total, part) -%}
    {{ return({'total': total, 'by': part, 'parts': {part: part, 'not_' ~ part: total ~ ' - ' ~ part}}) }}
{%- endmacro %}

{# The condition that any of these counts has to be withheld. #}
{% macro any_withheld(counts) -%}
    ({%- for count in counts %}is_{{ count }}_withheld{% if not loop.last %} or {% endif %}{% endfor -%})
{%- endmacro %}

{# A value that may be shown: NULL where any of the counts that it rests on has to be withheld. #}
{% macro shown(value, counts=none) -%}
    case when not {{ any_withheld(counts or [value]) }} then {{ value }} end
{%- endmacro %}
