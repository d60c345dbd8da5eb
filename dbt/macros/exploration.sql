{# What everything that shows labels of a trained model says beside them: a column, so that no screen can leave it out. #}
{% macro exploration() -%}
    'For exploration: read the comments.'
{%- endmacro %}
