with cases as (
    select
        feedback_id,
        organisation_ods_code,
        received_date,
        case when not is_open then coalesce(closed_date, response_sent_date, received_date) end as ended_date,
        case when not is_open and outcome_code in ('upheld', 'partially_upheld', 'not_upheld') then outcome_code end as resolved_code,
        age_band_code,
        complainant_relationship_code,
        service_code,
        profession_code,
        subject_codes,
        reopened_count
    from {{ ref('fct_complaint') }}
    where is_complaint
),

organisations as (
    select
        organisation_ods_code,
        min(received_date) as first_received_date,
        max(coalesce(ended_date, received_date)) as last_date
    from cases
    group by organisation_ods_code
),

financial_years as (
    {{ financial_years() }}
),

years as (
    select
        organisations.organisation_ods_code,
        organisations.first_received_date,
        financial_years.year_name,
        financial_years.period_start_date,
        financial_years.period_end_date
    from organisations
    inner join financial_years
        on
            organisations.first_received_date <= financial_years.period_end_date
            and organisations.last_date >= financial_years.period_start_date
),

cases_of_years as (
    select
        years.organisation_ods_code,
        years.first_received_date,
        years.period_start_date,
        years.period_end_date,
        cases.feedback_id,
        cases.resolved_code,
        cases.age_band_code,
        cases.complainant_relationship_code,
        cases.service_code,
        cases.profession_code,
        cases.subject_codes,
        cases.reopened_count,
        cases.received_date >= years.period_start_date as is_new,
        cases.received_date < years.period_start_date
        and coalesce(cases.ended_date >= years.period_start_date, true) as is_brought_forward,
        coalesce(cases.ended_date > years.period_end_date, true) as is_carried_forward,
        cases.resolved_code is not null
        and cases.ended_date between years.period_start_date and years.period_end_date as is_resolved
    from years
    inner join cases
        on
            years.organisation_ods_code = cases.organisation_ods_code
            and years.period_end_date >= cases.received_date
),

new_cases as (
    select * from cases_of_years
    where is_new
),

subjects as (
    {{ json_text_rows('new_cases', ['feedback_id', 'organisation_ods_code', 'period_start_date'], 'subject_codes') }}
),

{# A case counts once for each of its subjects; what has no code counts for none. #}
subjects_once as (
    select distinct
        feedback_id,
        organisation_ods_code,
        period_start_date,
        item as subject_code,
        coalesce(item like 'clinical_treatment%', false) as is_clinical
    from subjects
),

{%- set groups = [
    ('complaints', 'cases_of_years', "'complaints_total_brought_forward'", 'is_brought_forward'),
    ('complaints', 'new_cases', "'complaints_total_new'", 'true'),
    ('complaints', 'cases_of_years', "'complaints_total_resolved'", 'is_resolved'),
    ('complaints', 'cases_of_years', "'complaints_number_' || resolved_code", 'is_resolved'),
    ('complaints', 'cases_of_years', "'complaints_total_carried_forward'", 'is_carried_forward'),
    ('age', 'new_cases', ko41a_age('age_band_code'), 'true'),
    ('age', 'new_cases', "'age_total'", 'true'),
    ('status', 'new_cases', ko41a_status('complainant_relationship_code'), 'true'),
    ('status', 'new_cases', "'status_total'", 'true'),
    ('service', 'new_cases', "'service_' || service_code", 'service_code is not null'),
    ('service', 'new_cases', "'service_total'", 'service_code is not null'),
    ('profession', 'new_cases', "'profession_' || profession_code", 'profession_code is not null'),
    ('profession', 'new_cases', "'profession_total'", 'profession_code is not null'),
    ('clinical_treatment', 'subjects_once', 'subject_code', "is_clinical and subject_code <> 'clinical_treatment'"),
    ('clinical_treatment', 'subjects_once', "'clinical_treatment_sub_total'", 'is_clinical'),
    ('subject', 'subjects_once', "'subject_area_' || subject_code", 'subject_code is not null and not is_clinical'),
    ('subject', 'subjects_once', "'subject_area_sub_total'", 'subject_code is not null and not is_clinical'),
    ('subject', 'subjects_once', "'subject_area_total'", 'subject_code is not null'),
] %}

{# A row for each line of the return that a case counts in. #}
counted_in as (
    {%- for group, relation, measure, condition in groups %}
    select
        organisation_ods_code,
        period_start_date,
        '{{ group }}' as measure_group_code,
        {{ measure }} as measure_code
    from {{ relation }}
    where {{ condition }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        organisation_ods_code,
        period_start_date,
        measure_group_code,
        measure_code,
        count(*) as own_count
    from counted_in
    group by organisation_ods_code, period_start_date, measure_group_code, measure_code
),

{# What may be missing under any of a group's codes. #}
without_code as (
    select
        organisation_ods_code,
        period_start_date,
        sum(case when service_code is null then 1 else 0 end) as service_count,
        sum(case when profession_code is null then 1 else 0 end) as profession_count,
        sum(case when reopened_count > 0 then 1 else 0 end) as reopened_count
    from new_cases
    group by organisation_ods_code, period_start_date
),

without_subject as (
    select
        new_cases.organisation_ods_code,
        new_cases.period_start_date,
        count(distinct new_cases.feedback_id) as subject_count
    from new_cases
    left join subjects_once on new_cases.feedback_id = subjects_once.feedback_id
    where subjects_once.subject_code is null
    group by new_cases.organisation_ods_code, new_cases.period_start_date
)

select
    counted.organisation_ods_code,
    years.year_name,
    years.period_start_date,
    years.period_end_date,
    years.first_received_date,
    counted.measure_group_code,
    counted.measure_code,
    counted.own_count,
    cast(
        case counted.measure_group_code
            when 'service' then without_code.service_count
            when 'profession' then without_code.profession_count
            when 'subject' then without_subject.subject_count
            when 'clinical_treatment' then without_subject.subject_count
        end as bigint
    ) as without_code_count,
    cast(without_code.reopened_count as bigint) as reopened_count
from counted
inner join years
    on
        counted.organisation_ods_code = years.organisation_ods_code
        and counted.period_start_date = years.period_start_date
left join without_code
    on
        counted.organisation_ods_code = without_code.organisation_ods_code
        and counted.period_start_date = without_code.period_start_date
left join without_subject
    on
        counted.organisation_ods_code = without_subject.organisation_ods_code
        and counted.period_start_date = without_subject.period_start_date
