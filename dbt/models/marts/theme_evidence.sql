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
),

{# A tag's own praise or criticism goes before that of the whole piece. #}
evidence as (
    select
        themes_of_feedback.theme_code,
        themes_of_feedback.weight,
        coalesce(feedback_organisations.organisation_ods_code, 'unmatched') as organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'feedback.event_date') }} as date) as quarter_start_date,
        feedback.source_family_code,
        feedback.owner_directorate_code,
        feedback.feedback_kind_code,
        feedback.event_date,
        themes_of_feedback.praised_number = 1
        or (themes_of_feedback.undirected_number = 1 and feedback.direction_code = 'positive') as is_positive,
        themes_of_feedback.criticised_number = 1
        or (themes_of_feedback.undirected_number = 1 and feedback.direction_code = 'negative') as is_negative
    from themes_of_feedback
    inner join {{ ref('fct_feedback') }} as feedback
        on themes_of_feedback.feedback_id = feedback.feedback_id
    left join {{ ref('bridge_feedback_organisation') }} as feedback_organisations
        on themes_of_feedback.feedback_id = feedback_organisations.feedback_id
),

counted as (
    select
        theme_code,
        organisation_ods_code,
        quarter_start_date,
        source_family_code,
        owner_directorate_code,
        count(*) as feedback_count,
        sum(case when feedback_kind_code = 'complaint' then 1 else 0 end) as complaint_count,
        sum(weight) as weighted_count,
        sum(case when is_positive then 1 else 0 end) as positive_count,
        sum(case when is_negative then 1 else 0 end) as negative_count,
        min(event_date) as first_event_date,
        max(event_date) as last_event_date
    from evidence
    group by theme_code, organisation_ods_code, quarter_start_date, source_family_code, owner_directorate_code
)

select
    counted.theme_code,
    themes.theme_name,
    counted.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    counted.quarter_start_date,
    counted.source_family_code,
    counted.owner_directorate_code,
    counted.feedback_count,
    cast(counted.complaint_count as bigint) as complaint_count,
    counted.weighted_count,
    cast(counted.positive_count as bigint) as positive_count,
    cast(counted.negative_count as bigint) as negative_count,
    counted.first_event_date,
    counted.last_event_date
from counted
inner join {{ ref('dim_theme') }} as themes on counted.theme_code = themes.theme_code
{{ organisation_at('counted.organisation_ods_code', 'counted.last_event_date') }}
