with actions as (
    select * from {{ ref('fct_improvement_action') }}
),

named_recommendations as (
    {{ json_text_rows('actions', ['action_key'], 'recommendation_ids') }}
),

named_activities as (
    {{ json_text_rows('actions', ['action_key', 'organisation_ods_code'], 'activity_ids') }}
),

named_families as (
    {{ json_text_rows('actions', ['action_key'], 'source_families') }}
),

{# A report's address as its id: without scheme and without a slash at its end. #}
recommendation_parts as (
    select
        action_key,
        item as source_code,
        replace(
            replace(replace(split_part(item, '#', 1), 'https://', ''), 'http://', '') || '#', '/#', '#'
        ) as report_part,
        split_part(item, '#', 2) as number_part
    from named_recommendations
    where item is not null
),

report_pages as (
    select
        report_id,
        coalesce(file_sha256, report_id) as document_id
    from {{ ref('stg_healthwatch_report') }}
    where not is_removed
),

{# The same report may stand on two pages: whichever an action names, the one that fct_healthwatch_report took is meant. #}
page_recommendations as (
    select
        named_pages.report_id || '#' || cast(recommendations.recommendation_number as varchar) as named_id,
        min(recommendations.recommendation_id) as recommendation_id
    from report_pages as named_pages
    inner join report_pages as taken_pages
        on named_pages.document_id = taken_pages.document_id
    inner join {{ ref('fct_recommendation') }} as recommendations
        on taken_pages.report_id = recommendations.report_id
    group by named_pages.report_id || '#' || cast(recommendations.recommendation_number as varchar)
),

links as (
    select
        recommendation_parts.action_key,
        'recommendation' as source_kind_code,
        recommendation_parts.source_code,
        page_recommendations.recommendation_id as source_id
    from recommendation_parts
    left join page_recommendations
        on recommendation_parts.report_part || recommendation_parts.number_part = page_recommendations.named_id
    union all
    select
        named_activities.action_key,
        'activity' as source_kind_code,
        named_activities.item as source_code,
        activities.feedback_id as source_id
    from named_activities
    left join {{ ref('fct_feedback') }} as activities
        on
            activities.record_type = 'engagement_activity'
            and 'activity:' || named_activities.organisation_ods_code || ':' || upper(named_activities.item) = activities.feedback_id
    where named_activities.item is not null
    union all
    select
        action_key,
        'family' as source_kind_code,
        item as source_code,
        item as source_id
    from named_families
    where item is not null
)

select distinct
    action_key,
    source_kind_code,
    source_code,
    source_id,
    source_id is not null as is_matched
from links
