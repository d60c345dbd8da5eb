{#
  JSON arrays as rows. Each macro is a whole select, because engines differ in where an
  unnest may stand. Rows whose array is empty or NULL give no row.
#}

{# An array of texts: the kept columns, `item` (may be NULL) and `item_number` from 1. #}
{% macro json_text_rows(relation, keep, column) -%}
    {{ return(adapter.dispatch('json_text_rows')(relation, keep, column)) }}
{%- endmacro %}

{% macro duckdb__json_text_rows(relation, keep, column) -%}
    select
        {{ keep | join(', ') }},
        unnest(from_json({{ column }}, '["varchar"]')) as item,
        generate_subscripts(from_json({{ column }}, '["varchar"]'), 1) as item_number
    from {{ relation }}
    where {{ column }} is not null
{%- endmacro %}

{% macro postgres__json_text_rows(relation, keep, column) -%}
    select
        {{ keep | join(', ') }},
        items.item,
        items.item_number
    from {{ relation }}
    cross join lateral json_array_elements_text({{ postgres_json(column) }}) with ordinality as items (item, item_number)
    where {{ column }} is not null
{%- endmacro %}

{# An array of objects: the kept columns, the named fields as text, and `item_number` from 1. #}
{% macro json_object_rows(relation, keep, column, fields) -%}
    {{ return(adapter.dispatch('json_object_rows')(relation, keep, column, fields)) }}
{%- endmacro %}

{% macro duckdb__json_object_rows(relation, keep, column, fields) -%}
    select
        {{ keep | join(', ') }},
        {%- for field in fields %}
        json_extract_string(item, '$.{{ field }}') as {{ field }},
        {%- endfor %}
        item_number
    from (
        select
            {{ keep | join(', ') }},
            unnest(from_json({{ column }}, '["json"]')) as item,
            generate_subscripts(from_json({{ column }}, '["json"]'), 1) as item_number
        from {{ relation }}
        where {{ column }} is not null
    ) as items
{%- endmacro %}

{% macro postgres__json_object_rows(relation, keep, column, fields) -%}
    select
        {{ keep | join(', ') }},
        {%- for field in fields %}
        items.item ->> '{{ field }}' as {{ field }},
        {%- endfor %}
        items.item_number
    from {{ relation }}
    cross join lateral json_array_elements({{ postgres_json(column) }}) with ordinality as items (item, item_number)
    where {{ column }} is not null
{%- endmacro %}

{# PostgreSQL's texts hold no NUL and no half of a pair of surrogates, which JSON may escape: without these, a text is what it is elsewhere. #}
{% macro postgres_json(column) -%}
    cast(
        case
            when strpos({{ column }}, '\u') = 0 or pg_input_is_valid({{ column }}, 'jsonb') then {{ column }}
            else regexp_replace({{ column }}, '(?<!\\)((\\\\)*)\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '\1', 'g')
        end as json
    )
{%- endmacro %}
