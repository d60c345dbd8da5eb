with current_versions as (
    {{ latest_version(source('raw', 'organisation'), ['ods_code', 'role_code', 'feed_id']) }}
)

select
    cast(ods_code as varchar) as ods_code,
    cast(organisation_name as varchar) as organisation_name,
    cast(role_code as varchar) as role_code,
    cast(region_code as varchar) as region_code,
    cast(icb_code as varchar) as icb_code,
    cast(sub_icb_code as varchar) as sub_icb_code,
    cast(postcode_district as varchar) as postcode_district,
    cast(opened_date as date) as opened_date,
    cast(closed_date as date) as closed_date,
    cast(status_code as varchar) as status_code,
    cast(setting_name as varchar) as setting_name,
    cast(submission_id as varchar) as submission_id,
    cast(line_number as bigint) as line_number,
    cast(feed_id as varchar) as feed_id,
    cast(version_at as timestamp with time zone) as version_at,
    cast(is_removed as boolean) as is_removed
from current_versions
