with reports as (
    select * from {{ ref('fct_healthwatch_report') }}
),

listed as (
    {{ json_object_rows(
        'reports',
        ['feedback_id', 'report_id', 'response_status_code', 'response_date', 'feed_id', 'submission_id'],
        'recommendations',
        ['number', 'text', 'addressee', 'sent_date', 'due_date']
    ) }}
),

typed as (
    select
        feedback_id,
        report_id,
        cast(item_number as bigint) as recommendation_number,
        number as source_number,
        text as recommendation_text,
        addressee as addressee_name,
        {{ text_to_date('sent_date') }} as sent_date,
        {{ text_to_date('due_date') }} as stated_due_date,
        response_status_code,
        response_date,
        feed_id,
        submission_id
    from listed
),

working_days as (
    select
        date_day,
        is_working_day,
        working_day_number
    from {{ ref('dim_date') }}
)

select
    typed.report_id || '#' || cast(typed.recommendation_number as varchar) as recommendation_id,
    typed.feedback_id,
    typed.report_id,
    typed.recommendation_number,
    typed.source_number,
    typed.recommendation_text,
    typed.addressee_name,
    typed.sent_date,
    coalesce(typed.stated_due_date, clock_end.date_day) as due_date,
    case
        when typed.stated_due_date is not null then 'report'
        when clock_end.date_day is not null then 'counted'
    end as due_date_source_code,
    typed.response_status_code,
    typed.response_date,
    typed.feed_id,
    typed.submission_id
from typed
left join working_days as clock_start
    on typed.sent_date = clock_start.date_day
left join working_days as clock_end
    on
        clock_end.is_working_day
        and clock_start.working_day_number + 20 = clock_end.working_day_number
