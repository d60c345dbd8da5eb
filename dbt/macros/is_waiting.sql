{# Whether an acknowledgement or a response is still awaited of a case, or never came: only then does it matter which day it is. #}
{% macro is_waiting(cases) -%}
(
    ({{ cases }}.acknowledged_date is null and {{ cases }}.acknowledgement_working_days is null)
    or ({{ cases }}.response_sent_date is null and {{ cases }}.is_open)
)
{%- endmacro %}
