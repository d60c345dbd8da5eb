with latest_records as (
    -- a location is collected whole: what its latest record does not list is not said any more
    {{ latest_version(source('raw', 'inspection_rating'), ['level_code', 'cqc_id']) }}
)

select
    cast(ratings.level_code as varchar) as level_code,
    cast(ratings.cqc_id as varchar) as cqc_id,
    cast(ratings.rated_cqc_id as varchar) as rated_cqc_id,
    cast(ratings.provider_cqc_id as varchar) as provider_cqc_id,
    cast(ratings.organisation_name as varchar) as organisation_name,
    cast(ratings.organisation_ods_code as varchar) as organisation_ods_code,
    cast(ratings.icb_ons_code as varchar) as icb_ons_code,
    cast(ratings.local_authority_name as varchar) as local_authority_name,
    cast(ratings.category_name as varchar) as category_name,
    cast(ratings.registration_status_code as varchar) as registration_status_code,
    cast(ratings.deregistered_date as date) as deregistered_date,
    cast(ratings.service_name as varchar) as service_name,
    cast(ratings.scope_code as varchar) as scope_code,
    cast(ratings.rating_code as varchar) as rating_code,
    cast(ratings.report_date as date) as report_date,
    cast(ratings.report_id as varchar) as report_id,
    cast(ratings.is_current as boolean) as is_current,
    cast(ratings.is_inherited as boolean) as is_inherited,
    cast(ratings.submission_id as varchar) as submission_id,
    cast(ratings.line_number as bigint) as line_number,
    cast(ratings.feed_id as varchar) as feed_id,
    cast(ratings.version_at as timestamp with time zone) as version_at,
    cast(ratings.is_removed as boolean) as is_removed
from {{ source('raw', 'inspection_rating') }} as ratings
inner join latest_records
    on
        ratings.level_code = latest_records.level_code
        and ratings.cqc_id = latest_records.cqc_id
        and ratings.submission_id = latest_records.submission_id
        and ratings.line_number = latest_records.line_number
