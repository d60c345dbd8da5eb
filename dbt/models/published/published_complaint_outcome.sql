{{ config(alias='complaint_outcome') }}

{%- set counts = ['resolved_count', 'upheld_count', 'partially_upheld_count', 'not_upheld_count'] %}

select
    organisation_ods_code,
    organisation_name,
    icb_code,
    current_ods_code,
    current_icb_code,
    subject_code,
    quarter_start_date,
    {%- for count in counts %}
    {{ suppressed(count) }} as {{ count }},
    {%- endfor %}
    {%- for share in ['upheld_share', 'upheld_share_low', 'upheld_share_high'] %}
    {{ suppressed(share, counts) }} as {{ share }},
    {%- endfor %}
    {{ any_small(counts) }} as is_suppressed
from {{ ref('complaint_outcome') }}
