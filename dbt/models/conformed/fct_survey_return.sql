{# What is the same on every row of a return is taken from any of them. #}
select
    'return:' || survey_id || ':' || response_pseudonym as feedback_id,
    survey_id,
    response_pseudonym,
    min(survey_name) as survey_name,
    min(submitted_date) as event_date,
    min(case when is_complete then 1 else 0 end) = 1 as is_complete,
    max(case when narrative is not null then 1 else 0 end) = 1 as has_narrative,
    avg(case when question_code = 'overall_experience' then normalised_score end) as overall_score,
    case
        when avg(case when question_code = 'overall_experience' then normalised_score end) > 50 then 'positive'
        when avg(case when question_code = 'overall_experience' then normalised_score end) < 50 then 'negative'
        when avg(case when question_code = 'overall_experience' then normalised_score end) = 50 then 'neutral'
    end as direction_code,
    min(channel_code) as channel_code,
    min(respondent_role_code) as respondent_role_code,
    min(organisation_ods_code) as organisation_ods_code,
    min(site_ods_code) as site_ods_code,
    min(service_name) as service_name,
    min(setting_code) as setting_code,
    min(age_band_code) as age_band_code,
    min(ethnic_category_code) as ethnic_category_code,
    min(gender_code) as gender_code,
    max(case when has_disability then 1 when not has_disability then 0 end) = 1 as has_disability,
    feed_id,
    submission_id,
    line_number
from {{ ref('stg_survey_response') }}
where not is_removed
group by survey_id, response_pseudonym, feed_id, submission_id, line_number
