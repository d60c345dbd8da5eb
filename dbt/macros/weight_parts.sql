{#
  In so many parts a weight of 1 is counted: sums of whole numbers come out the same in any order, so that they can be kept by
  differences. Every share of up to sixteen themes is a whole number of these parts.
#}
{% macro weight_parts() -%}
720720
{%- endmacro %}
