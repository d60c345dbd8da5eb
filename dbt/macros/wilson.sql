{#
  A bound of the Wilson 95% interval of a proportion (`side` is 'low' or 'high'), between 0 and 1.
  NULL where the denominator is 0. Wilson, because the plain interval fails on few cases.
#}
{% macro wilson(numerator, denominator, side) -%}
    {%- set z = 1.959964 -%}
    {%- set n = 'cast(nullif(' ~ denominator ~ ', 0) as double precision)' -%}
    {%- set p = '(' ~ numerator ~ ' / ' ~ n ~ ')' -%}
    (
        {{ p }} + {{ z * z / 2 }} / {{ n }}
        {{ '-' if side == 'low' else '+' }} {{ z }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z * z / 4 }} / ({{ n }} * {{ n }}))
    ) / (1 + {{ z * z }} / {{ n }})
{%- endmacro %}
