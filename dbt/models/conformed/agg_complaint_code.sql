{%- set groups = {
    'age': 'age_band_code',
    'status': 'complainant_relationship_code',
    'service': 'service_code',
    'profession': 'profession_code',
} %}

with cases as (
    select
        *,
        case when not is_open then coalesce(closed_date, response_sent_date, received_date) end as ended_date,
        case when not is_open and outcome_code in ('upheld', 'partially_upheld', 'not_upheld') then outcome_code end as resolved_code
    from {{ ref('fct_complaint') }}
    where is_complaint
),

subjects as (
    {{ json_text_rows('cases', ['feedback_id'], 'subject_codes') }}
),

{# A case counts once for each of its subjects; once without, where it has none, or one that has no code. #}
subjects_of_cases as (
    select distinct
        cases.feedback_id,
        cases.organisation_ods_code,
        cases.received_date,
        subjects.item as subject_code
    from cases
    left join subjects on cases.feedback_id = subjects.feedback_id
),

coded as (
    select
        organisation_ods_code,
        received_date,
        cast({{ dbt.date_trunc('month', 'ended_date') }} as date) as ended_month_date,
        'outcome' as measure_group_code,
        resolved_code as code,
        case when reopened_count > 0 then 1 else 0 end as reopened_number
    from cases
    {%- for group, column in groups.items() %}
    union all
    select
        organisation_ods_code,
        received_date,
        cast(null as date) as ended_month_date,
        '{{ group }}' as measure_group_code,
        {{ column }} as code,
        0 as reopened_number
    from cases
    {%- endfor %}
    union all
    select
        organisation_ods_code,
        received_date,
        cast(null as date) as ended_month_date,
        'subject' as measure_group_code,
        subject_code as code,
        0 as reopened_number
    from subjects_of_cases
)

select
    organisation_ods_code,
    received_date,
    ended_month_date,
    measure_group_code,
    code,
    count(*) as case_count,
    cast(sum(reopened_number) as bigint) as reopened_count
from coded
group by organisation_ods_code, received_date, ended_month_date, measure_group_code, code
