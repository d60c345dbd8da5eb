{{ config(alias='complaint_timeliness') }}

{%- set measures = ['acknowledged_in_time', 'answered_by_agreed_date', 'beyond_six_months'] %}
{%- set splits = [part_and_rest('complaint_count', 'open_count')] %}
{%- for measure in measures %}
{%- do splits.append(part_and_rest('complaint_count', measure ~ '_decided_count')) %}
{%- do splits.append(part_and_rest(measure ~ '_decided_count', measure ~ '_count')) %}
{%- endfor %}

with protected as (
    {{ with_withheld(ref('complaint_timeliness_quarter'), ['organisation_ods_code', 'quarter_start_date'], splits) }}
)

select
    organisation_ods_code,
    organisation_name,
    icb_code,
    current_ods_code,
    current_icb_code,
    quarter_start_date,
    {%- set counts = ['complaint_count', 'open_count'] %}
    {{ shown('complaint_count') }} as complaint_count,
    {{ shown('open_count') }} as open_count,
    {%- for measure in measures %}
    {%- set hits, decided = measure ~ '_count', measure ~ '_decided_count' %}
    {%- do counts.extend([hits, decided]) %}
    {{ shown(hits) }} as {{ hits }},
    {{ shown(decided) }} as {{ decided }},
    {%- for share in [measure ~ '_share', measure ~ '_share_low', measure ~ '_share_high'] %}
    {{ shown(share, [hits, decided]) }} as {{ share }},
    {%- endfor %}
    {%- endfor %}
    case when not {{ is_small('answered_count') }} then median_response_working_days end as median_response_working_days,
    {{ any_withheld(counts) }} or {{ is_small('answered_count') }} as is_suppressed
from protected
