{{ config(schema='published') }}

select
    decisions.feedback_id,
    coalesce(decision_organisations.organisation_ods_code, 'unmatched') as organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    decisions.organisation_names as published_organisation_names,
    decisions.publisher_code,
    decisions.decision_id,
    decisions.decision_type_code,
    decisions.decision_date,
    decisions.outcome_code,
    decisions.part_count,
    case
        when decisions.outcome_code in ('upheld', 'partly_upheld') then true
        when decisions.outcome_code = 'not_upheld' then false
    end as is_upheld,
    decisions.has_recommendations,
    decisions.decision_url
from {{ ref('fct_ombudsman_decision') }} as decisions
left join {{ ref('bridge_feedback_organisation') }} as decision_organisations
    on decisions.feedback_id = decision_organisations.feedback_id
{{ organisation_at('decision_organisations.organisation_ods_code', 'decisions.decision_date') }}
