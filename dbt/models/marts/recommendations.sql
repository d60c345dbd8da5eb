{{ config(schema='published') }}

with recommendations as (
    select
        *,
        response_status_code = 'responded' or response_date is not null as is_answered
    from {{ ref('fct_recommendation') }}
),

actions as (
    select
        action_sources.source_id as recommendation_id,
        count(distinct actions.action_key) as action_count,
        min(actions.done_date) as acted_on_date
    from {{ ref('bridge_action_source') }} as action_sources
    inner join {{ ref('fct_improvement_action') }} as actions
        on action_sources.action_key = actions.action_key
    where
        action_sources.source_kind_code = 'recommendation'
        and action_sources.is_matched
    group by action_sources.source_id
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
    coalesce(actions.action_count, 0) as action_count,
    actions.acted_on_date,
    case when actions.action_count > 0 then actions.acted_on_date is not null end as is_acted_on
from recommendations
inner join {{ ref('fct_healthwatch_report') }} as reports
    on recommendations.report_id = reports.report_id
left join actions
    on recommendations.recommendation_id = actions.recommendation_id
