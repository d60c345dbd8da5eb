{# A model's schema is its layer (staging, conformed, marts, published), on every target; with a prefix while it must not show yet. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('SAMEPICTURE_SCHEMA_PREFIX', '') ~ ((custom_schema_name or target.schema) | trim) }}
{%- endmacro %}
