{{ config(alias='complaint_outcome') }}

{%- set outcomes = ['upheld_count', 'partially_upheld_count', 'not_upheld_count'] %}
{%- set splits = [{'total': 'resolved_count', 'by': 'outcome', 'parts': dict(zip(outcomes, outcomes))}] %}

with counted as (
    {{ with_withheld(ref('complaint_outcome'), ['organisation_ods_code', 'subject_code', 'quarter_start_date'], splits) }}
)

select
    organisation_ods_code,
    organisation_name,
    icb_code,
    current_ods_code,
    current_icb_code,
    subject_code,
    quarter_start_date,
    {%- for count in ['resolved_count'] + outcomes %}
    {{ shown(count) }} as {{ count }},
    {%- endfor %}
    {%- for share in ['upheld_share', 'upheld_share_low', 'upheld_share_high'] %}
    {{ shown(share, ['resolved_count'] + outcomes) }} as {{ share }},
    {%- endfor %}
    {{ any_withheld(['resolved_count'] + outcomes) }} as is_suppressed
from counted
