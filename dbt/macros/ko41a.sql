{# The codes of an organisation's own cases as the measures of KO41a (domain: A1). #}

{# An age band; what is none of KO41a's is unknown to it. #}
{% macro ko41a_age(band) -%}
    case {{ band }}
        {%- for low, high in [(0, 5), (6, 17), (18, 25), (26, 55), (56, 64), (65, 74)] %}
        when '{{ low }}-{{ high }}' then 'age_{{ low }}_{{ high }}'
        {%- endfor %}
        when '75+' then 'age_75_and_over'
        else 'age_unknown'
    end
{%- endmacro %}

{# Who complained. Local systems say relative where KO41a asks for parent or guardian: they are other. #}
{% macro ko41a_status(relationship) -%}
    case {{ relationship }} when 'self' then 'status_patient' when 'carer' then 'status_carer' else 'status_other' end
{%- endmacro %}
