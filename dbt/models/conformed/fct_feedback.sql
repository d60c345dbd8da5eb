with stories as (
    select * from {{ ref('fct_experience_story') }}
),

story_organisations as (
    {{ json_text_rows('stories', ['feedback_id'], 'organisation_ods_codes') }}
),

feedback as (
    select
        feedback_id,
        'complaint' as record_type,
        case_type_code as feedback_kind_code,
        organisation_ods_code,
        received_date as event_date,
        case
            when case_type_code in ('complaint', 'concern', 'mp_letter') then 'negative'
            when case_type_code = 'compliment' then 'positive'
            else 'neutral'
        end as direction_code,
        'case' as method_code,
        cast(1 as bigint) as people_count,
        feed_id,
        submission_id,
        line_number
    from {{ ref('fct_complaint') }}
    union all
    select
        stories.feedback_id,
        'experience_story' as record_type,
        case when stories.publisher_code = 'nhsuk' then 'review' else 'story' end as feedback_kind_code,
        story_organisations.item as organisation_ods_code,
        stories.event_date,
        stories.direction_code,
        case when stories.publisher_code = 'nhsuk' then 'review' else 'story' end as method_code,
        cast(1 as bigint) as people_count,
        stories.feed_id,
        stories.submission_id,
        stories.line_number
    from stories
    left join story_organisations
        on
            stories.feedback_id = story_organisations.feedback_id
            and story_organisations.item_number = 1
    union all
    select
        feedback_id,
        'healthwatch_report' as record_type,
        'report' as feedback_kind_code,
        cast(null as varchar) as organisation_ods_code,
        published_date as event_date,
        cast(null as varchar) as direction_code,
        'report' as method_code,
        people_reached_count as people_count,
        feed_id,
        submission_id,
        line_number
    from {{ ref('fct_healthwatch_report') }}
    union all
    select
        'activity:' || organisation_ods_code || ':' || activity_id as feedback_id,
        'engagement_activity' as record_type,
        'activity' as feedback_kind_code,
        organisation_ods_code,
        activity_date as event_date,
        sentiment_code as direction_code,
        case
            when channel_code = 'survey' then 'survey'
            when channel_code in ('online', 'social_media') then 'online'
            else 'conversation'
        end as method_code,
        contributed_count as people_count,
        feed_id,
        submission_id,
        line_number
    from {{ ref('stg_engagement_activity') }}
    where not is_removed
    union all
    select
        feedback_id,
        'ombudsman_decision' as record_type,
        'ombudsman_decision' as feedback_kind_code,
        cast(null as varchar) as organisation_ods_code,
        decision_date as event_date,
        'negative' as direction_code,
        'case' as method_code,
        cast(1 as bigint) as people_count,
        feed_id,
        submission_id,
        line_number
    from {{ ref('fct_ombudsman_decision') }}
    union all
    select
        feedback_id,
        'survey_response' as record_type,
        'survey_comment' as feedback_kind_code,
        organisation_ods_code,
        event_date,
        direction_code,
        'survey' as method_code,
        cast(1 as bigint) as people_count,
        feed_id,
        submission_id,
        line_number
    from {{ ref('fct_survey_return') }}
    where has_narrative
)

select
    feedback.feedback_id,
    coalesce(
        feeds.source_family_code,
        case feedback.record_type
            when 'complaint' then 'complaints'
            when 'ombudsman_decision' then 'complaints'
            when 'experience_story' then 'stories'
            when 'survey_response' then 'surveys'
            when 'healthwatch_report' then 'healthwatch'
            else 'engagement'
        end
    ) as source_family_code,
    coalesce(feeds.owner_directorate_code, 'unknown') as owner_directorate_code,
    feedback.record_type,
    feedback.feedback_kind_code,
    feedback.organisation_ods_code,
    feedback.event_date,
    feedback.direction_code,
    feedback.method_code,
    feedback.people_count,
    feedback.feed_id,
    feedback.submission_id,
    feedback.line_number
from feedback
left join {{ source('ops', 'feed') }} as feeds on feedback.feed_id = feeds.feed_id
