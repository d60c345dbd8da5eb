with current_versions as (
    {{ latest_version(source('raw', 'ombudsman_decision'), ['publisher_code', 'decision_id']) }}
)

select
    publisher_code,
    decision_id,
    title,
    decision_type_code,
    organisation_names,
    organisation_ods_codes,
    decision_date,
    published_date,
    outcome_codes,
    subject_names,
    complaint_text,
    summary,
    recommendations,
    decision_url,
    submission_id,
    line_number,
    feed_id,
    version_at,
    is_removed
from current_versions
