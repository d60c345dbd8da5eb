select
    survey_code,
    case
        when survey_code = 'fft' and period_start_date >= cast('2020-04-01' as date) then 'fft_2020'
        when survey_code = 'fft' then 'fft_before_2020'
        when survey_code = 'gpps' and period_end_date >= cast('2024-01-01' as date) then 'gpps_2024'
        when survey_code = 'gpps' then 'gpps_before_2024'
        else survey_code
    end as series_code,
    setting_code,
    level_code,
    period_start_date,
    period_end_date,
    icb_code,
    organisation_ods_code,
    organisation_name,
    site_ods_code,
    site_name,
    unit_name,
    question_code,
    measure_code,
    answer_code,
    unit_code,
    value,
    is_weighted,
    is_suppressed,
    is_not_computable,
    feed_id,
    submission_id
from {{ ref('stg_survey_result') }}
where not is_removed
