with themes_of_feedback as (
    select
        feedback_id,
        theme_code,
        sum(weight) as weight,
        max(case when source_direction_code in ('positive', 'mixed') then 1 else 0 end) as praised_number,
        max(case when source_direction_code in ('negative', 'mixed') then 1 else 0 end) as criticised_number,
        max(case when source_direction_code is null then 1 else 0 end) as undirected_number
    from {{ ref('bridge_feedback_theme') }}
    group by feedback_id, theme_code
)

{# A tag's own praise or criticism goes before that of the whole piece. #}
select
    themes_of_feedback.feedback_id,
    themes_of_feedback.theme_code,
    coalesce(feedback_organisations.organisation_ods_code, 'unmatched') as organisation_ods_code,
    themes_of_feedback.weight,
    feedback.event_date,
    feedback.source_family_code,
    feedback.owner_directorate_code,
    feedback.feedback_kind_code,
    themes_of_feedback.praised_number = 1
    or (themes_of_feedback.undirected_number = 1 and coalesce(feedback.direction_code = 'positive', false)) as is_positive,
    themes_of_feedback.criticised_number = 1
    or (themes_of_feedback.undirected_number = 1 and coalesce(feedback.direction_code = 'negative', false)) as is_negative
from themes_of_feedback
inner join {{ ref('fct_feedback') }} as feedback
    on themes_of_feedback.feedback_id = feedback.feedback_id
left join {{ ref('bridge_feedback_organisation') }} as feedback_organisations
    on themes_of_feedback.feedback_id = feedback_organisations.feedback_id
