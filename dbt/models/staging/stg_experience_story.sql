with current_versions as (
    {{ latest_version(source('raw', 'experience_story'), ['publisher_code', 'story_id']) }}
)

select
    publisher_code,
    story_id,
    origin_code,
    story_url,
    title,
    body,
    author_role_code,
    author_age_band_code,
    submitted_date,
    published_date,
    submitted_at,
    visit_month_date,
    organisation_ods_codes,
    service_ods_codes,
    service_names,
    tags,
    ratings,
    severity_score,
    response_count,
    first_response_date,
    progress_code,
    submission_id,
    line_number,
    feed_id,
    version_at,
    is_removed,
    redaction_version,
    harm_codes
from current_versions
