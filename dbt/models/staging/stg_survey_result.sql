with current_versions as (
    {{ latest_version(source('raw', 'survey_result'), [
        'survey_code',
        'setting_code',
        'level_code',
        'period_start_date',
        'icb_code',
        'organisation_ods_code',
        'site_ods_code',
        'unit_name',
        'question_code',
        'measure_code',
        'answer_code'
    ]) }}
)

select
    cast(survey_code as varchar) as survey_code,
    cast(setting_code as varchar) as setting_code,
    cast(level_code as varchar) as level_code,
    cast(period_start_date as date) as period_start_date,
    cast(period_end_date as date) as period_end_date,
    cast(icb_code as varchar) as icb_code,
    cast(organisation_ods_code as varchar) as organisation_ods_code,
    cast(organisation_name as varchar) as organisation_name,
    cast(site_ods_code as varchar) as site_ods_code,
    cast(site_name as varchar) as site_name,
    cast(unit_name as varchar) as unit_name,
    cast(question_code as varchar) as question_code,
    cast(measure_code as varchar) as measure_code,
    cast(answer_code as varchar) as answer_code,
    cast(unit_code as varchar) as unit_code,
    cast(value as double precision) as value,
    cast(is_weighted as boolean) as is_weighted,
    cast(is_suppressed as boolean) as is_suppressed,
    cast(is_not_computable as boolean) as is_not_computable,
    cast(submission_id as varchar) as submission_id,
    cast(line_number as bigint) as line_number,
    cast(feed_id as varchar) as feed_id,
    cast(version_at as timestamp with time zone) as version_at,
    cast(is_removed as boolean) as is_removed
from current_versions
