{#
  Which cells of published tables have to be withheld, so that no small number of people can be
  worked out (domain: C). Three rules in one:

    primary    a count of 1 to 4; a true 0 is shown
    secondary  where parts add up to a total, one withheld part would be the total without the
               others: the smallest other parts are withheld with it
    cascade    the parts of a withheld total are withheld so far that they do not add up to it

  `cells` is a relation of cells: cell_key; the total that the cell is a part of, as parent_key with
  partition_code (a total may be split in several ways: by outcome, by month), or NULL; level_number,
  0 for a cell that is part of nothing, its parts one more, and so on to `depth`; cell_count. All parts
  of a split must be there, published or not, so that they add up to their total; a cell is part of one
  total alone. Gives cell_key and is_withheld.

  Whoever reads the tables knows that a withheld cell is at least 1. `slack` is how much more it may
  be, as far as he knows once everything in it is withheld. Parts that are withheld together hide each
  other if there are two of them and slack in them: one may then be more and another less. With a slack
  of 3 each of them may still be anything from 1 to 4. A total all of whose parts are 1 has no slack.
#}

{% macro withheld_cells(cells, depth) -%}
    with
    {%- for level in range(depth, -1, -1) %}
    {%- if level < depth %}
    slack_of_splits_{{ level }} as (
        select
            parent_key,
            partition_code,
            sum(slack) as slack
        from slack_{{ level + 1 }}
        group by parent_key, partition_code
    ),

    slack_of_totals_{{ level }} as (
        select
            parent_key,
            min(slack) as slack
        from slack_of_splits_{{ level }}
        group by parent_key
    ),
    {% endif %}
    slack_{{ level }} as (
        select
            cells.cell_key,
            cells.parent_key,
            cells.partition_code,
            cells.cell_count,
            {% if level < depth %}coalesce(totals.slack, cells.cell_count - 1){% else %}cells.cell_count - 1{% endif %} as slack
        from {{ cells }} as cells
        {%- if level < depth %}
        left join slack_of_totals_{{ level }} as totals on cells.cell_key = totals.parent_key
        {%- endif %}
        where cells.level_number = {{ level }} and cells.cell_count > 0
    ),
    {% endfor %}
    decided_0 as (
        select
            cell_key,
            {{ is_small('cell_count') }} or slack = 0 as is_withheld
        from slack_0
    ),
    {% for level in range(1, depth + 1) %}
    {#- Small parts first, then the smallest: so many of them are withheld as it takes. #}
    parts_{{ level }} as (
        select
            parts.*,
            totals.is_withheld as is_total_withheld,
            case when {{ is_small('parts.cell_count') }} or parts.slack = 0 then 1 else 0 end as primary_number
        from slack_{{ level }} as parts
        inner join decided_{{ level - 1 }} as totals on parts.parent_key = totals.cell_key
    ),

    ranked_{{ level }} as (
        select
            cell_key,
            is_total_withheld,
            sum(primary_number) over (partition by parent_key, partition_code) as primary_count,
            row_number() over (
                partition by parent_key, partition_code
                order by primary_number desc, cell_count, cell_key
            ) - 1 as before_count,
            sum(slack) over (
                partition by parent_key, partition_code
                order by primary_number desc, cell_count, cell_key
                rows unbounded preceding
            ) - slack as before_slack
        from parts_{{ level }}
    ),

    decided_{{ level }} as (
        select
            cell_key,
            (is_total_withheld or primary_count > 0) and (before_count < primary_count or before_count < 2 or before_slack < 3) as is_withheld
        from ranked_{{ level }}
    ){{ ',' if not loop.last }}
    {% endfor %}
    {%- for level in range(depth + 1) %}
    select
        cell_key,
        is_withheld
    from decided_{{ level }}
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
    union all
    select
        cell_key,
        false as is_withheld
    from {{ cells }}
    where cell_count = 0
{%- endmacro %}
