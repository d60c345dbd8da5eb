with decisions as (
    select
        *,
        'decision:' || publisher_code || ':' || decision_id as feedback_id
    from {{ ref('stg_ombudsman_decision') }}
    where not is_removed
),

parts as (
    {{ json_text_rows('decisions', ['feedback_id'], 'outcome_codes') }}
),

outcomes as (
    select
        feedback_id,
        count(*) as part_count,
        count(item) as known_count,
        count(distinct item) as outcome_count,
        min(item) as first_code,
        sum(case when item in ('upheld', 'partly_upheld') then 1 else 0 end) as upheld_count,
        sum(case when item = 'not_upheld' then 1 else 0 end) as not_upheld_count,
        sum(case when item = 'resolved' then 1 else 0 end) as resolved_count
    from parts
    group by feedback_id
)

select
    decisions.feedback_id,
    decisions.publisher_code,
    decisions.decision_id,
    decisions.title,
    decisions.decision_type_code,
    decisions.organisation_names,
    decisions.organisation_ods_codes,
    decisions.decision_date,
    decisions.published_date,
    decisions.outcome_codes,
    cast(coalesce(outcomes.part_count, 0) as bigint) as part_count,
    case
        when outcomes.known_count < outcomes.part_count then null
        when outcomes.outcome_count = 1 then outcomes.first_code
        when outcomes.upheld_count > 0 then 'partly_upheld'
        when outcomes.not_upheld_count > 0 then 'not_upheld'
        when outcomes.resolved_count > 0 then 'resolved'
        when outcomes.outcome_count > 0 then 'closed'
    end as outcome_code,
    decisions.subject_names,
    decisions.recommendations is not null as has_recommendations,
    decisions.decision_url,
    decisions.feed_id,
    decisions.submission_id,
    decisions.line_number
from decisions
left join outcomes on decisions.feedback_id = outcomes.feedback_id
