{# What engines write differently, one short expression each. #}

{# A text as a date; NULL where it is none. #}
{% macro text_to_date(text) -%}
    {{ return(adapter.dispatch('text_to_date')(text)) }}
{%- endmacro %}

{% macro duckdb__text_to_date(text) -%}
    try_cast({{ text }} as date)
{%- endmacro %}

{# The median of a group. #}
{% macro median(expression) -%}
    {{ return(adapter.dispatch('median')(expression)) }}
{%- endmacro %}

{% macro default__median(expression) -%}
    percentile_cont(0.5) within group (order by {{ expression }})
{%- endmacro %}

{# The day of the week, 1 Monday to 7 Sunday. #}
{% macro iso_weekday(day) -%}
    {{ return(adapter.dispatch('iso_weekday')(day)) }}
{%- endmacro %}

{% macro default__iso_weekday(day) -%}
    extract(isodow from {{ day }})
{%- endmacro %}
