select
    collection_code,
    level_code,
    return_code,
    year_name,
    period_start_date,
    period_end_date,
    icb_code,
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
    case
        when measure_group_code in ('subject', 'clinical_treatment') and not is_total
            then lower(collection_code) || '_subject'
    end as subject_scheme_code,
    case
        when measure_group_code in ('subject', 'clinical_treatment') and not is_total
            then regexp_replace(regexp_replace(measure_code, '^subject_area_', ''), '^[0-9]+_[0-9]+_', '')
    end as subject_code,
    complaints_count,
    is_suppressed,
    feed_id,
    submission_id
from {{ ref('stg_complaint_return') }}
where not is_removed
