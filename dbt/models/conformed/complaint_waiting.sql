with waiting as (
    select
        cases.*,
        feed_as_of.as_of_date,
        feed_as_of.as_of_working_day_number - cases.received_working_day_number as elapsed_working_days
    from {{ ref('fct_complaint') }} as cases
    left join {{ ref('feed_as_of') }} as feed_as_of on cases.feed_id = feed_as_of.feed_id
    where cases.is_complaint and {{ is_waiting('cases') }}
)

select
    feedback_id,
    organisation_ods_code,
    feed_id,
    received_date,
    is_open,
    reopened_count,
    acknowledged_date,
    acknowledgement_working_days,
    response_due_date,
    response_sent_date,
    response_working_days,
    stage_code,
    outcome_code,
    {# Once the 3 days are over, a case that waits for no response is the same on every later day. #}
    case when elapsed_working_days <= 3 or (is_open and response_sent_date is null) then as_of_date end as as_of_date,
    elapsed_working_days > 3 as is_acknowledgement_overdue
from waiting
