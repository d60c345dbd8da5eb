{%- set measures = ['acknowledged_in_time', 'answered_by_agreed_date', 'beyond_six_months'] %}

with days as (
    select
        *,
        cast({{ dbt.date_trunc('quarter', 'received_date') }} as date) as quarter_start_date
    from {{ ref('complaint_timeliness_day') }}
),

counted as (
    select
        organisation_ods_code,
        quarter_start_date,
        max(received_date) as last_received_date,
        cast(sum(complaint_count) as bigint) as complaint_count,
        cast(sum(open_count) as bigint) as open_count,
        {%- for measure in measures %}
        cast(sum({{ measure }}_count) as bigint) as {{ measure }}_count,
        cast(sum({{ measure }}_decided_count) as bigint) as {{ measure }}_decided_count,
        {%- endfor %}
        cast(sum(case when response_working_days is not null then complaint_count else 0 end) as bigint) as answered_count
    from days
    group by organisation_ods_code, quarter_start_date
),

response_times as (
    select
        organisation_ods_code,
        quarter_start_date,
        response_working_days,
        sum(complaint_count) as complaint_count
    from days
    where response_working_days is not null
    group by organisation_ods_code, quarter_start_date, response_working_days
),

ordered as (
    select
        organisation_ods_code,
        quarter_start_date,
        response_working_days,
        sum(complaint_count) over (partition by organisation_ods_code, quarter_start_date order by response_working_days) as so_far_count,
        sum(complaint_count) over (partition by organisation_ods_code, quarter_start_date) as answered_count
    from response_times
),

{# The one in the middle, or halfway between the two there. #}
medians as (
    select
        organisation_ods_code,
        quarter_start_date,
        (
            min(case when 2 * so_far_count >= answered_count then response_working_days end)
            + min(case when 2 * so_far_count > answered_count then response_working_days end)
        ) / cast(2 as double precision) as median_response_working_days
    from ordered
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
    medians.median_response_working_days
from counted
left join medians
    on
        counted.organisation_ods_code = medians.organisation_ods_code
        and counted.quarter_start_date = medians.quarter_start_date
{{ organisation_at('counted.organisation_ods_code', 'counted.last_received_date') }}
