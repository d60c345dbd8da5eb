{{ config(schema='published') }}

with recommendations as (
    select
        *,
        response_status_code = 'responded' or response_date is not null as is_answered
    from {{ ref('fct_recommendation') }}
)

select
    recommendations.recommendation_id,
    recommendations.report_id,
    reports.report_url,
    reports.title as report_title,
    reports.local_healthwatch_name,
    reports.published_date,
    recommendations.recommendation_number,
    recommendations.recommendation_text,
    recommendations.addressee_name,
    recommendations.sent_date,
    recommendations.due_date,
    recommendations.due_date_source_code,
    recommendations.response_date,
    case
        when recommendations.is_answered then 'answered'
        when recommendations.due_date < {{ today() }} then 'late'
        when recommendations.due_date is not null then 'due'
        else 'no_clock'
    end as status_code,
    case
        when recommendations.is_answered then recommendations.response_date <= recommendations.due_date
        when recommendations.due_date < {{ today() }} then false
    end as is_answered_in_time,
    cast(null as boolean) as is_acted_on
from recommendations
inner join {{ ref('fct_healthwatch_report') }} as reports
    on recommendations.report_id = reports.report_id
