with activities as (
    select
        *,
        'activity:' || organisation_ods_code || ':' || activity_id as feedback_id,
        told_back_date is not null and told_back_channel_code is not null as is_told_by_log
    from {{ ref('stg_engagement_activity') }}
    where not is_removed
),

listed_groups as (
    {{ json_text_rows('activities', ['feedback_id'], 'people_groups') }}
),

{# A group that nobody could match is NULL in the list: the activity reached it, and we can't say whom. #}
known_groups as (
    select distinct
        listed_groups.feedback_id,
        people_groups.people_group_code,
        people_groups.people_group_name
    from listed_groups
    inner join {{ ref('dim_people_group') }} as people_groups on listed_groups.item = people_groups.people_group_code
    where people_groups.is_known
),

reached as (
    select
        feedback_id,
        count(*) as group_count,
        {{ dbt.listagg('people_group_code', "', '", 'order by people_group_code') }} as people_group_codes,
        {{ dbt.listagg('people_group_name', "', '", 'order by people_group_code') }} as people_group_names
    from known_groups
    group by feedback_id
),

unknown_groups as (
    select
        listed_groups.feedback_id,
        count(*) as unknown_group_count
    from listed_groups
    left join known_groups
        on
            listed_groups.feedback_id = known_groups.feedback_id
            and listed_groups.item = known_groups.people_group_code
    where known_groups.feedback_id is null
    group by listed_groups.feedback_id
),

heard as (
    select distinct
        feedback_themes.feedback_id,
        feedback_themes.theme_code
    from {{ ref('bridge_feedback_theme') }} as feedback_themes
    inner join activities on feedback_themes.feedback_id = activities.feedback_id
),

themes as (
    select
        feedback_id,
        count(*) as theme_count,
        {{ dbt.listagg('theme_code', "', '", 'order by theme_code') }} as theme_codes
    from heard
    group by feedback_id
),

{# An action may name one activity twice, in two writings. #}
sources as (
    select distinct
        action_key,
        source_id
    from {{ ref('bridge_action_source') }}
    where source_kind_code = 'activity' and is_matched
),

actions as (
    select
        sources.source_id as feedback_id,
        count(*) as action_count,
        sum(case when loops.is_done then 1 else 0 end) as done_action_count,
        sum(case when loops.is_improved then 1 else 0 end) as improved_action_count,
        min(loops.done_date) as first_done_date,
        min(case when loops.is_loop_closed then loops.told_back_date end) as first_told_of_action_date
    from sources
    inner join {{ ref('loop_closure') }} as loops on sources.action_key = loops.action_key
    group by sources.source_id
)

select
    activities.feedback_id,
    activities.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    activities.activity_name,
    activities.activity_date,
    cast({{ dbt.date_trunc('quarter', 'activities.activity_date') }} as date) as quarter_start_date,
    activities.channel_code,
    coalesce(activities.activity_kind_code, 'unknown') as activity_kind_code,
    coalesce(activities.initiator_code, 'unknown') as initiator_code,
    activities.place_name,
    activities.reached_count,
    activities.contributed_count,
    case
        when activities.contributed_count <= activities.reached_count
            then activities.contributed_count / cast(nullif(activities.reached_count, 0) as double precision)
    end as contributed_share,
    case
        when activities.contributed_count <= activities.reached_count
            then {{ wilson('activities.contributed_count', 'activities.reached_count', 'low') }}
    end as contributed_share_low,
    case
        when activities.contributed_count <= activities.reached_count
            then {{ wilson('activities.contributed_count', 'activities.reached_count', 'high') }}
    end as contributed_share_high,
    coalesce(reached.group_count, 0) as group_count,
    coalesce(unknown_groups.unknown_group_count, 0) as unknown_group_count,
    reached.people_group_codes,
    reached.people_group_names,
    coalesce(themes.theme_count, 0) as theme_count,
    themes.theme_codes,
    activities.sentiment_code,
    activities.outcome_code,
    coalesce(actions.action_count, 0) as action_count,
    cast(coalesce(actions.done_action_count, 0) as bigint) as done_action_count,
    cast(coalesce(actions.improved_action_count, 0) as bigint) as improved_action_count,
    actions.first_done_date,
    least(
        case when activities.is_told_by_log and activities.told_back_date >= activities.activity_date then activities.told_back_date end,
        actions.first_told_of_action_date
    ) as told_back_date,
    case
        when actions.done_action_count > 0 or activities.outcome_code = 'changed' then 'changed'
        when actions.action_count > 0 or activities.outcome_code = 'planned' then 'planned'
        when activities.outcome_code = 'declined' then 'declined'
        when activities.outcome_code = 'none_yet' then 'none_yet'
        else 'unknown'
    end as result_code
from activities
left join reached on activities.feedback_id = reached.feedback_id
left join unknown_groups on activities.feedback_id = unknown_groups.feedback_id
left join themes on activities.feedback_id = themes.feedback_id
left join actions on activities.feedback_id = actions.feedback_id
{{ organisation_at('activities.organisation_ods_code', 'activities.activity_date') }}
