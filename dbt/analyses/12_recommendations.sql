-- Which Healthwatch recommendations are due, late, answered and acted on?
select
    local_healthwatch_name,
    report_title,
    recommendation_number,
    addressee_name,
    sent_date,
    due_date,
    status_code,
    response_date,
    is_answered_in_time,
    action_count,
    is_acted_on
from published.recommendations
order by due_date, report_id, recommendation_number
