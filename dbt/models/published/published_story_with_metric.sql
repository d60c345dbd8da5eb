{{ config(alias='story_with_metric') }}

{%- set measures = {
    'complaint_share': ['complaint_numerator_count', 'complaint_denominator_count'],
    'story_critical_share': ['story_numerator_count', 'story_denominator_count'],
} %}
{%- set counts = measures.values() | sum(start=[]) %}

select
    feedback_id,
    theme_code,
    theme_name,
    organisation_ods_code,
    organisation_name,
    icb_code,
    event_date,
    quarter_start_date,
    is_positive,
    is_negative,
    {%- for share, parts in measures.items() %}
    {%- for part in parts %}
    {{ suppressed(part) }} as {{ part }},
    {%- endfor %}
    {%- for bound in ['', '_low', '_high'] %}
    {{ suppressed(share ~ bound, parts) }} as {{ share ~ bound }},
    {%- endfor %}
    {%- endfor %}
    {{ any_small(counts) }} as is_suppressed
from {{ ref('story_with_metric') }}
where is_consented
