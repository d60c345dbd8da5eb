with current_versions as (
    {{ latest_version(source('raw', 'healthwatch_report'), ['report_id']) }}
)

select
    report_id,
    report_url,
    library_code,
    local_healthwatch_name,
    title,
    published_date,
    published_date_source_code,
    report_type_name,
    summary,
    full_text,
    topics,
    methods,
    people_reached_count,
    people_reached_sentence,
    services,
    provider_names,
    recommendations_stated_count,
    recommendations_stated_sentence,
    recommendations,
    response_status_code,
    response_date,
    response_text,
    file_url,
    file_sha256,
    submission_id,
    line_number,
    feed_id,
    version_at,
    is_removed
from current_versions
