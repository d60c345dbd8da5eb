{# The day in UTC on which clocks are read; unit tests override it. #}
{% macro today() -%}
    {{ utc_date('current_timestamp') }}
{%- endmacro %}
