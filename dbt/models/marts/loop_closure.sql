{{ config(schema='published') }}

with actions as (
    select
        *,
        done_date is not null as is_done,
        told_back_date is not null and told_back_channel_code is not null as is_told_back,
        {{ days_between('agreed_date', 'done_date') }} as agreed_to_done_days
    from {{ ref('fct_improvement_action') }}
),

themes as (
    select
        action_themes.action_key,
        {{ dbt.listagg('action_themes.theme_code', "', '", 'order by action_themes.theme_code') }} as theme_codes,
        {{ dbt.listagg('themes.theme_name', "', '", 'order by action_themes.theme_code') }} as theme_names
    from {{ ref('bridge_action_theme') }} as action_themes
    inner join {{ ref('dim_theme') }} as themes on action_themes.theme_code = themes.theme_code
    group by action_themes.action_key
),

{# Of several things that an action answers, the clock starts with the first that was said. #}
said as (
    select
        action_sources.action_key,
        min(coalesce(reports.published_date, activities.event_date)) as said_date,
        count(*) as source_count
    from {{ ref('bridge_action_source') }} as action_sources
    left join {{ ref('fct_recommendation') }} as recommendations
        on
            action_sources.source_kind_code = 'recommendation'
            and action_sources.source_id = recommendations.recommendation_id
    left join {{ ref('fct_healthwatch_report') }} as reports
        on recommendations.report_id = reports.report_id
    left join {{ ref('fct_feedback') }} as activities
        on
            action_sources.source_kind_code = 'activity'
            and action_sources.source_id = activities.feedback_id
    group by action_sources.action_key
)

select
    actions.action_key,
    actions.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    actions.title,
    themes.theme_codes,
    themes.theme_names,
    actions.change_type_code,
    actions.owner_role,
    cast(coalesce(said.source_count, 0) as bigint) as source_count,
    said.said_date,
    actions.agreed_date,
    actions.due_date,
    actions.done_date,
    actions.told_back_date,
    actions.told_back_channel_code,
    case
        when actions.is_done then 'done'
        when actions.status_code = 'stopped' then 'stopped'
        when actions.due_date < {{ today() }} then 'late'
        when actions.due_date is not null then 'open'
        else 'no_clock'
    end as status_code,
    actions.is_done,
    case
        when actions.is_done then actions.done_date <= actions.due_date
        when actions.status_code = 'stopped' then cast(null as boolean)
        when actions.due_date < {{ today() }} then false
    end as is_done_in_time,
    actions.is_told_back,
    actions.is_done and actions.is_told_back and actions.told_back_date >= actions.done_date as is_loop_closed,
    case
        when said.said_date <= actions.agreed_date then {{ days_between('said.said_date', 'actions.agreed_date') }}
    end as said_to_agreed_days,
    case
        when said.said_date <= actions.done_date then {{ days_between('said.said_date', 'actions.done_date') }}
    end as said_to_done_days,
    actions.agreed_to_done_days,
    case
        when actions.is_told_back and actions.told_back_date >= actions.done_date
            then {{ days_between('actions.done_date', 'actions.told_back_date') }}
    end as done_to_told_days,
    case
        when actions.is_told_back and said.said_date <= actions.told_back_date
            then {{ days_between('said.said_date', 'actions.told_back_date') }}
    end as said_to_told_days,
    actions.remeasured_date,
    actions.remeasured_outcome_code,
    case
        when actions.remeasured_outcome_code in ('improved', 'unchanged', 'worse')
            then actions.remeasured_outcome_code = 'improved'
    end as is_improved
from actions
left join themes on actions.action_key = themes.action_key
left join said on actions.action_key = said.action_key
{{ organisation_at('actions.organisation_ods_code', 'actions.agreed_date') }}
