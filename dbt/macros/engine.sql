{# What engines write differently, one short expression each. #}

{# A text as a date; NULL where it is none. #}
{% macro text_to_date(text) -%}
    {{ return(adapter.dispatch('text_to_date')(text)) }}
{%- endmacro %}

{% macro duckdb__text_to_date(text) -%}
    try_cast({{ text }} as date)
{%- endmacro %}

{# Of what PostgreSQL takes for a date ('today', 'May 4') only the form of ISO 8601 is one. #}
{% macro postgres__text_to_date(text) -%}
    case when {{ text }} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and pg_input_is_valid({{ text }}, 'date') then cast({{ text }} as date) end
{%- endmacro %}

{# The day of the week, 1 Monday to 7 Sunday. #}
{% macro iso_weekday(day) -%}
    {{ return(adapter.dispatch('iso_weekday')(day)) }}
{%- endmacro %}

{% macro default__iso_weekday(day) -%}
    extract(isodow from {{ day }})
{%- endmacro %}

{# A fraction without what is not exact in its last digits. #}
{% macro rounded(expression, digits) -%}
    {{ return(adapter.dispatch('rounded')(expression, digits)) }}
{%- endmacro %}

{% macro default__rounded(expression, digits) -%}
    round({{ expression }}, {{ digits }})
{%- endmacro %}

{% macro postgres__rounded(expression, digits) -%}
    round(cast({{ expression }} as numeric), {{ digits }})
{%- endmacro %}

{# The day in UTC of a moment. #}
{% macro utc_date(moment) -%}
    cast({{ moment }} at time zone 'UTC' as date)
{%- endmacro %}

{# Days from one date to another. #}
{% macro days_between(first, last) -%}
    cast({{ dbt.datediff(first, last, 'day') }} as bigint)
{%- endmacro %}
