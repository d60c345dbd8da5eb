{#
  Small numbers of people (domain: C): a count of 1 to 4 becomes NULL, a true 0 stays 0.
  Whoever shows the row also shows `is_suppressed`. This is primary suppression only: a small
  number can still be worked out where its siblings and their total are shown.
#}

{# The condition that a count is too small to show. #}
{% macro is_small(count) -%}
    ({{ count }} between 1 and 4)
{%- endmacro %}

{# Any of several counts is too small; NULL counts are not. #}
{% macro any_small(counts) -%}
    ({%- for count in counts %}{{ 'coalesce(' ~ is_small(count) ~ ', false)' }}{% if not loop.last %} or {% endif %}{% endfor -%})
{%- endmacro %}

{# A value that may be shown: itself, or NULL where any of the counts that it rests on is too small. #}
{% macro suppressed(value, counts=none) -%}
    case when {{ any_small(counts or [value]) }} then null else {{ value }} end
{%- endmacro %}
