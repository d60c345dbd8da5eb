{{ config(alias='theme_evidence') }}

{%- set counts = ['feedback_count', 'complaint_count', 'positive_count', 'negative_count'] %}

select
    theme_code,
    theme_name,
    organisation_ods_code,
    organisation_name,
    icb_code,
    current_ods_code,
    current_icb_code,
    quarter_start_date,
    source_family_code,
    owner_directorate_code,
    {%- for count in counts %}
    {{ suppressed(count) }} as {{ count }},
    {%- endfor %}
    {{ suppressed('weighted_count', ['feedback_count']) }} as weighted_count,
    {{ suppressed('first_event_date', ['feedback_count']) }} as first_event_date,
    {{ suppressed('last_event_date', ['feedback_count']) }} as last_event_date,
    {{ any_small(counts) }} as is_suppressed
from {{ ref('theme_evidence') }}
