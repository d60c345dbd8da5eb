with current_versions as (
    {{ latest_version(source('raw', 'survey_response'), ['survey_id', 'response_pseudonym'], is_several_rows=true) }}
)

select
    cast(survey_id as varchar) as survey_id,
    cast(survey_name as varchar) as survey_name,
    cast(response_pseudonym as varchar) as response_pseudonym,
    cast(question_id as varchar) as question_id,
    cast(answer_number as bigint) as answer_number,
    cast(question_text as varchar) as question_text,
    cast(question_code as varchar) as question_code,
    cast(answer_kind_code as varchar) as answer_kind_code,
    cast(answer_value as varchar) as answer_value,
    cast(answer_name as varchar) as answer_name,
    cast(scale_code as varchar) as scale_code,
    cast(scale_direction_code as varchar) as scale_direction_code,
    cast(score as double precision) as score,
    cast(normalised_score as double precision) as normalised_score,
    cast(narrative as varchar) as narrative,
    cast(is_complete as boolean) as is_complete,
    cast(submitted_date as date) as submitted_date,
    cast(submitted_at as timestamp with time zone) as submitted_at,
    cast(channel_code as varchar) as channel_code,
    cast(respondent_role_code as varchar) as respondent_role_code,
    cast(organisation_ods_code as varchar) as organisation_ods_code,
    cast(site_ods_code as varchar) as site_ods_code,
    cast(service_name as varchar) as service_name,
    cast(setting_code as varchar) as setting_code,
    cast(age_band_code as varchar) as age_band_code,
    cast(ethnic_category_code as varchar) as ethnic_category_code,
    cast(gender_code as varchar) as gender_code,
    cast(has_disability as boolean) as has_disability,
    cast(submission_id as varchar) as submission_id,
    cast(line_number as bigint) as line_number,
    cast(feed_id as varchar) as feed_id,
    cast(version_at as timestamp with time zone) as version_at,
    cast(is_removed as boolean) as is_removed
from current_versions
