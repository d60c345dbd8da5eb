with current_versions as (
    {{ latest_version(source('raw', 'improvement_action'), ['organisation_ods_code', 'action_id']) }}
)

select
    organisation_ods_code,
    action_id,
    title,
    what_was_said,
    what_was_done,
    theme_codes,
    change_type_code,
    owner_role,
    recommendation_ids,
    activity_ids,
    source_families,
    agreed_date,
    due_date,
    done_date,
    status_code,
    told_back_date,
    told_back_channel_code,
    remeasured_date,
    remeasured_outcome_code,
    submission_id,
    line_number,
    feed_id,
    version_at,
    is_removed
from current_versions
