select
    cases.feedback_id,
    cases.organisation_ods_code,
    cases.feed_id,
    cases.received_date,
    cases.is_open,
    cases.reopened_count,
    cases.acknowledged_date,
    cases.acknowledgement_working_days,
    cases.response_due_date,
    cases.response_sent_date,
    cases.response_working_days,
    cases.stage_code,
    cases.outcome_code,
    {# Once the 3 days are over, a case that waits for nothing else is the same on every later day. #}
    case
        when cases.response_sent_date is null and coalesce(cases.is_open, false) then feed_as_of.as_of_date
        when feed_as_of.as_of_working_day_number - cases.received_working_day_number <= 3 then feed_as_of.as_of_date
    end as as_of_date,
    feed_as_of.as_of_working_day_number - cases.received_working_day_number > 3 as is_acknowledgement_due
from {{ ref('fct_complaint') }} as cases
left join {{ ref('feed_as_of') }} as feed_as_of on cases.feed_id = feed_as_of.feed_id
where cases.is_complaint and {{ is_waiting('cases') }}
