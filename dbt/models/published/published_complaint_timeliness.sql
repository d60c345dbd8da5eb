{{ config(alias='complaint_timeliness') }}

{%- set measures = {
    'acknowledged_in_time': 'is_acknowledged_in_time',
    'answered_by_agreed_date': 'is_answered_by_agreed_date',
    'beyond_six_months': 'is_beyond_six_months',
} %}
{%- set splits = [part_and_rest('complaint_count', 'open_count')] %}
{%- for measure in measures %}
{%- do splits.append(part_and_rest('complaint_count', measure ~ '_decided_count')) %}
{%- do splits.append(part_and_rest(measure ~ '_decided_count', measure ~ '_count')) %}
{%- endfor %}

with counted as (
    select
        organisation_ods_code,
        quarter_start_date,
        max(received_date) as last_received_date,
        count(*) as complaint_count,
        cast(sum(case when is_open then 1 else 0 end) as bigint) as open_count,
        {%- for measure, flag in measures.items() %}
        cast(sum(case when {{ flag }} then 1 else 0 end) as bigint) as {{ measure }}_count,
        count({{ flag }}) as {{ measure }}_decided_count,
        {%- endfor %}
        count(response_working_days) as answered_count,
        {{ median('response_working_days') }} as median_response_working_days
    from {{ ref('complaint_timeliness') }}
    group by organisation_ods_code, quarter_start_date
),

protected as (
    {{ with_withheld('counted', ['organisation_ods_code', 'quarter_start_date'], splits) }}
)

select
    protected.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    protected.quarter_start_date,
    {%- set counts = ['complaint_count', 'open_count'] %}
    {{ shown('complaint_count') }} as complaint_count,
    {{ shown('open_count') }} as open_count,
    {%- for measure in measures %}
    {%- set hits, decided = measure ~ '_count', measure ~ '_decided_count' %}
    {%- do counts.extend([hits, decided]) %}
    {{ shown(hits) }} as {{ hits }},
    {{ shown(decided) }} as {{ decided }},
    {{ shown(hits ~ ' / cast(nullif(' ~ decided ~ ', 0) as double precision)', [hits, decided]) }} as {{ measure }}_share,
    {%- endfor %}
    case when not {{ is_small('protected.answered_count') }} then protected.median_response_working_days end
        as median_response_working_days,
    {{ any_withheld(counts) }} or {{ is_small('protected.answered_count') }} as is_suppressed
from protected
{{ organisation_at('protected.organisation_ods_code', 'protected.last_received_date') }}
