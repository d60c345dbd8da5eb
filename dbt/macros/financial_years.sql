{# The financial years, each with its first and last day. A whole select. #}
{% macro financial_years() -%}
    select
        financial_year_name as year_name,
        min(date_day) as period_start_date,
        max(date_day) as period_end_date
    from {{ ref('dim_date') }}
    group by financial_year_name
{%- endmacro %}
