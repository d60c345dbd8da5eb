with complaints as (
    select
        cases.*,
        feed_as_of.as_of_date,
        feed_as_of.as_of_working_day_number - cases.received_working_day_number as elapsed_working_days,
        cast({{ dbt.dateadd('month', 6, 'cases.received_date') }} as date) as six_months_date,
        coalesce(cases.stage_code = 'withdrawn' or cases.outcome_code in ('withdrawn', 'consent_not_received'), false) as is_withdrawn
    from {{ ref('fct_complaint') }} as cases
    left join {{ ref('feed_as_of') }} as feed_as_of on cases.feed_id = feed_as_of.feed_id
    where cases.is_complaint
)

select
    complaints.feedback_id,
    complaints.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    complaints.received_date,
    cast({{ dbt.date_trunc('quarter', 'complaints.received_date') }} as date) as quarter_start_date,
    complaints.is_open,
    complaints.reopened_count,
    complaints.acknowledgement_working_days,
    case
        when complaints.acknowledgement_working_days is not null then complaints.acknowledgement_working_days <= 3
        when complaints.acknowledged_date is null and complaints.elapsed_working_days > 3 then false
    end as is_acknowledged_in_time,
    complaints.response_due_date,
    complaints.response_sent_date,
    complaints.response_working_days,
    case
        when complaints.response_due_date is null or (complaints.response_sent_date is null and complaints.is_withdrawn) then null
        when complaints.response_sent_date is not null then complaints.response_sent_date <= complaints.response_due_date
        when complaints.is_open and complaints.as_of_date > complaints.response_due_date then false
    end as is_answered_by_agreed_date,
    case
        when complaints.response_sent_date is not null then complaints.response_sent_date > complaints.six_months_date
        when complaints.is_withdrawn then null
        when complaints.is_open and complaints.as_of_date > complaints.six_months_date then true
    end as is_beyond_six_months,
    complaints.as_of_date
from complaints
{{ organisation_at('complaints.organisation_ods_code', 'complaints.received_date') }}
