with current_versions as (
    {{ latest_version(source('raw', 'engagement_activity'), ['organisation_ods_code', 'activity_id']) }}
)

select
    organisation_ods_code,
    activity_id,
    activity_name,
    activity_date,
    activity_end_date,
    channel_code,
    activity_kind_code,
    initiator_code,
    place_name,
    people_groups,
    reached_count,
    contributed_count,
    theme_codes,
    sentiment_code,
    what_was_heard,
    outcome_code,
    outcome,
    told_back_date,
    told_back_channel_code,
    submission_id,
    line_number,
    feed_id,
    version_at,
    is_removed,
    redaction_version,
    harm_codes
from current_versions
