{%- set of_case = [
    'feedback_id',
    'organisation_ods_code',
    'feed_id',
    'received_date',
    'is_open',
    'reopened_count',
    'acknowledged_date',
    'acknowledgement_working_days',
    'response_due_date',
    'response_sent_date',
    'response_working_days',
    'stage_code',
    'outcome_code',
] %}

with judged_by_their_dates as (
    select
        {%- for column in of_case %}
        cases.{{ column }},
        {%- endfor %}
        cast(null as date) as as_of_date,
        cast(null as boolean) as is_acknowledgement_overdue
    from {{ ref('fct_complaint') }} as cases
    where cases.is_complaint and not {{ is_waiting('cases') }}
),

judged_by_the_day as (
    select
        {%- for column in of_case %}
        {{ column }},
        {%- endfor %}
        as_of_date,
        is_acknowledgement_overdue
    from {{ ref('complaint_waiting') }}
),

cases as (
    select * from judged_by_their_dates
    union all
    select * from judged_by_the_day
),

complaints as (
    select
        cases.*,
        cast({{ dbt.dateadd('month', 6, 'cases.received_date') }} as date) as six_months_date,
        coalesce(cases.stage_code = 'withdrawn' or cases.outcome_code in ('withdrawn', 'consent_not_received'), false) as is_withdrawn
    from cases
)

select
    complaints.feedback_id,
    complaints.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    complaints.feed_id,
    complaints.received_date,
    cast({{ dbt.date_trunc('quarter', 'complaints.received_date') }} as date) as quarter_start_date,
    complaints.is_open,
    complaints.reopened_count,
    complaints.acknowledgement_working_days,
    case
        when complaints.acknowledgement_working_days is not null then complaints.acknowledgement_working_days <= 3
        when complaints.acknowledged_date is null and complaints.is_acknowledgement_overdue then false
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
