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
),

counted as (
    select
        resolved.organisation_ods_code,
        subjects_of_cases.subject_code,
        cast({{ dbt.date_trunc('quarter', 'resolved.resolved_date') }} as date) as quarter_start_date,
        max(resolved.resolved_date) as last_resolved_date,
        count(*) as resolved_count,
        cast(sum(case when resolved.outcome_code = 'upheld' then 1 else 0 end) as bigint) as upheld_count,
        cast(sum(case when resolved.outcome_code = 'partially_upheld' then 1 else 0 end) as bigint) as partially_upheld_count,
        cast(sum(case when resolved.outcome_code = 'not_upheld' then 1 else 0 end) as bigint) as not_upheld_count
    from resolved
    inner join subjects_of_cases on resolved.feedback_id = subjects_of_cases.feedback_id
    group by
        resolved.organisation_ods_code,
        subjects_of_cases.subject_code,
        cast({{ dbt.date_trunc('quarter', 'resolved.resolved_date') }} as date)
)

select
    counted.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    counted.subject_code,
    counted.quarter_start_date,
    counted.resolved_count,
    counted.upheld_count,
    counted.partially_upheld_count,
    counted.not_upheld_count,
    (counted.upheld_count + counted.partially_upheld_count) / cast(counted.resolved_count as double precision) as upheld_share,
    {{ wilson('(counted.upheld_count + counted.partially_upheld_count)', 'counted.resolved_count', 'low') }} as upheld_share_low,
    {{ wilson('(counted.upheld_count + counted.partially_upheld_count)', 'counted.resolved_count', 'high') }} as upheld_share_high
from counted
{{ organisation_at('counted.organisation_ods_code', 'counted.last_resolved_date') }}
