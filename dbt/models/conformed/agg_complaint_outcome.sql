with resolved as (
    select
        feedback_id,
        organisation_ods_code,
        subject_codes,
        outcome_code,
        coalesce(closed_date, response_sent_date) as resolved_date
    from {{ ref('fct_complaint') }}
    where
        is_complaint
        and not is_open
        and outcome_code in ('upheld', 'partially_upheld', 'not_upheld')
        and coalesce(closed_date, response_sent_date) is not null
),

subjects as (
    {{ json_text_rows('resolved', ['feedback_id'], 'subject_codes') }}
),

{# A case counts once for each of its subjects, and once for all. #}
subjects_of_cases as (
    select distinct
        feedback_id,
        coalesce(item, 'unmapped') as subject_code
    from subjects
    union all
    select
        feedback_id,
        'all' as subject_code
    from resolved
)

select
    resolved.organisation_ods_code,
    subjects_of_cases.subject_code,
    resolved.resolved_date,
    count(*) as resolved_count,
    cast(sum(case when resolved.outcome_code = 'upheld' then 1 else 0 end) as bigint) as upheld_count,
    cast(sum(case when resolved.outcome_code = 'partially_upheld' then 1 else 0 end) as bigint) as partially_upheld_count,
    cast(sum(case when resolved.outcome_code = 'not_upheld' then 1 else 0 end) as bigint) as not_upheld_count
from resolved
inner join subjects_of_cases on resolved.feedback_id = subjects_of_cases.feedback_id
group by resolved.organisation_ods_code, subjects_of_cases.subject_code, resolved.resolved_date
