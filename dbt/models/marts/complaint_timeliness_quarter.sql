{%- set measures = {
    'acknowledged_in_time': 'is_acknowledged_in_time',
    'answered_by_agreed_date': 'is_answered_by_agreed_date',
    'beyond_six_months': 'is_beyond_six_months',
} %}

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
)

select
    counted.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    counted.quarter_start_date,
    counted.complaint_count,
    counted.open_count,
    {%- for measure in measures %}
    {%- set hits, decided = 'counted.' ~ measure ~ '_count', 'counted.' ~ measure ~ '_decided_count' %}
    {{ hits }},
    {{ decided }},
    {{ hits }} / cast(nullif({{ decided }}, 0) as double precision) as {{ measure }}_share,
    {{ wilson(hits, decided, 'low') }} as {{ measure }}_share_low,
    {{ wilson(hits, decided, 'high') }} as {{ measure }}_share_high,
    {%- endfor %}
    counted.answered_count,
    counted.median_response_working_days
from counted
{{ organisation_at('counted.organisation_ods_code', 'counted.last_received_date') }}
