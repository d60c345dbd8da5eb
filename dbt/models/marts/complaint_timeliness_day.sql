{%- set measures = ['acknowledged_in_time', 'answered_by_agreed_date', 'beyond_six_months'] %}

select
    organisation_ods_code,
    feed_id,
    received_date,
    response_working_days,
    count(*) as complaint_count,
    {%- for measure in measures %}
    cast(sum(case when is_{{ measure }} then 1 else 0 end) as bigint) as {{ measure }}_count,
    count(is_{{ measure }}) as {{ measure }}_decided_count,
    {%- endfor %}
    cast(sum(case when is_open then 1 else 0 end) as bigint) as open_count
from {{ ref('complaint_timeliness') }}
group by organisation_ods_code, feed_id, received_date, response_working_days
