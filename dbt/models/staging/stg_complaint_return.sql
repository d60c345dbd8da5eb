with current_versions as (
    {{ latest_version(source('raw', 'complaint_return'), [
        'collection_code',
        'level_code',
        'return_code',
        'period_start_date',
        'organisation_ods_code',
        'icb_code',
        'site_ods_code',
        'site_name',
        'contract_number',
        'measure_code'
    ]) }}
)

select
    collection_code,
    level_code,
    return_code,
    year_name,
    period_start_date,
    period_end_date,
    region_code,
    icb_code,
    icb_name,
    organisation_ods_code,
    organisation_name,
    organisation_type_name,
    site_ods_code,
    site_name,
    contract_number,
    measure_group_code,
    measure_code,
    measure_name,
    is_total,
    complaints_count,
    is_suppressed,
    submission_id,
    line_number,
    feed_id,
    version_at,
    is_removed
from current_versions
