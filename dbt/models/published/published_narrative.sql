{{ config(alias='narrative') }}

with cases as (
    select
        'complaint:' || organisation_ods_code || ':' || case_pseudonym as feedback_id,
        narrative,
        lessons,
        redaction_version,
        harm_codes
    from {{ ref('stg_complaint') }}
    where not is_removed
),

stories as (
    select
        'story:' || publisher_code || ':' || story_id as feedback_id,
        title,
        body,
        redaction_version,
        harm_codes
    from {{ ref('stg_experience_story') }}
    where
        not is_removed
        and not coalesce(origin_code in ('care_opinion', 'nhsuk') and origin_code <> publisher_code, false)
),

activities as (
    select
        'activity:' || organisation_ods_code || ':' || activity_id as feedback_id,
        what_was_heard,
        outcome,
        redaction_version,
        harm_codes
    from {{ ref('stg_engagement_activity') }}
    where not is_removed
),

comments as (
    select
        'return:' || survey_id || ':' || response_pseudonym as feedback_id,
        question_id,
        answer_number,
        narrative,
        redaction_version,
        harm_codes
    from {{ ref('stg_survey_response') }}
    where not is_removed
),

parts as (
    select
        feedback_id,
        'complaint' as record_type,
        'narrative' as part_name,
        narrative,
        redaction_version,
        harm_codes
    from cases
    union all
    select
        feedback_id,
        'complaint' as record_type,
        'lessons' as part_name,
        lessons as narrative,
        redaction_version,
        harm_codes
    from cases
    union all
    select
        feedback_id,
        'experience_story' as record_type,
        'title' as part_name,
        title as narrative,
        redaction_version,
        harm_codes
    from stories
    union all
    select
        feedback_id,
        'experience_story' as record_type,
        'body' as part_name,
        body as narrative,
        redaction_version,
        harm_codes
    from stories
    union all
    select
        feedback_id,
        'engagement_activity' as record_type,
        'what_was_heard' as part_name,
        what_was_heard as narrative,
        redaction_version,
        harm_codes
    from activities
    union all
    select
        feedback_id,
        'engagement_activity' as record_type,
        'outcome' as part_name,
        outcome as narrative,
        redaction_version,
        harm_codes
    from activities
    union all
    select
        feedback_id,
        'survey_response' as record_type,
        question_id || ':' || cast(answer_number as varchar) as part_name,
        narrative,
        redaction_version,
        harm_codes
    from comments
)

select
    feedback_id,
    part_name,
    record_type,
    narrative,
    redaction_version,
    harm_codes
from parts
where narrative is not null
