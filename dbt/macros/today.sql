{# The day on which clocks are read; unit tests override it. #}
{% macro today() -%}
    current_date
{%- endmacro %}
