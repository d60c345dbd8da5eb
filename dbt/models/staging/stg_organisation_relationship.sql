with current_versions as (
    {{ latest_version(source('raw', 'organisation_relationship'), [
        'from_ods_code',
        'to_ods_code',
        'relationship_code',
        'start_date'
    ]) }}
)

select
    cast(from_ods_code as varchar) as from_ods_code,
    cast(to_ods_code as varchar) as to_ods_code,
    cast(relationship_code as varchar) as relationship_code,
    cast(start_date as date) as start_date,
    cast(end_date as date) as end_date,
    cast(submission_id as varchar) as submission_id,
    cast(line_number as bigint) as line_number,
    cast(feed_id as varchar) as feed_id,
    cast(version_at as timestamp with time zone) as version_at,
    cast(is_removed as boolean) as is_removed
from current_versions
