select
    'action:' || organisation_ods_code || ':' || action_id as action_key,
    organisation_ods_code,
    action_id,
    title,
    theme_codes,
    change_type_code,
    owner_role,
    recommendation_ids,
    activity_ids,
    source_families,
    agreed_date,
    due_date,
    done_date,
    case when done_date is not null then 'done' else status_code end as status_code,
    told_back_date,
    told_back_channel_code,
    remeasured_date,
    remeasured_outcome_code,
    feed_id,
    submission_id,
    line_number
from {{ ref('stg_improvement_action') }}
where not is_removed
