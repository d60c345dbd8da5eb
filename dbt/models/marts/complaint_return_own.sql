with cases as (
    select * from {{ ref('agg_complaint_code') }}
),

organisations as (
    select
        organisation_ods_code,
        min(received_date) as first_received_date,
        max(coalesce(ended_month_date, received_date)) as last_date
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

{# Years begin and end with months: the month in which a case ended tells the year. #}
cases_of_years as (
    select
        years.organisation_ods_code,
        years.period_start_date,
        cases.measure_group_code,
        cases.code,
        cases.case_count,
        cases.reopened_count,
        cases.received_date >= years.period_start_date as is_new,
        cases.received_date < years.period_start_date
        and coalesce(cases.ended_month_date >= years.period_start_date, true) as is_brought_forward,
        coalesce(cases.ended_month_date > years.period_end_date, true) as is_carried_forward,
        cases.code is not null
        and cases.ended_month_date between years.period_start_date and years.period_end_date as is_resolved,
        coalesce(cases.code like 'clinical_treatment%', false) as is_clinical
    from years
    inner join cases
        on
            years.organisation_ods_code = cases.organisation_ods_code
            and years.period_end_date >= cases.received_date
),

{%- set groups = [
    ('complaints', 'outcome', "'complaints_total_brought_forward'", 'is_brought_forward'),
    ('complaints', 'outcome', "'complaints_total_new'", 'is_new'),
    ('complaints', 'outcome', "'complaints_total_resolved'", 'is_resolved'),
    ('complaints', 'outcome', "'complaints_number_' || code", 'is_resolved'),
    ('complaints', 'outcome', "'complaints_total_carried_forward'", 'is_carried_forward'),
    ('age', 'age', ko41a_age('code'), 'is_new'),
    ('age', 'age', "'age_total'", 'is_new'),
    ('status', 'status', ko41a_status('code'), 'is_new'),
    ('status', 'status', "'status_total'", 'is_new'),
    ('service', 'service', "'service_' || code", 'is_new and code is not null'),
    ('service', 'service', "'service_total'", 'is_new and code is not null'),
    ('profession', 'profession', "'profession_' || code", 'is_new and code is not null'),
    ('profession', 'profession', "'profession_total'", 'is_new and code is not null'),
    ('clinical_treatment', 'subject', 'code', "is_new and is_clinical and code <> 'clinical_treatment'"),
    ('clinical_treatment', 'subject', "'clinical_treatment_sub_total'", 'is_new and is_clinical'),
    ('subject', 'subject', "'subject_area_' || code", 'is_new and code is not null and not is_clinical'),
    ('subject', 'subject', "'subject_area_sub_total'", 'is_new and code is not null and not is_clinical'),
    ('subject', 'subject', "'subject_area_total'", 'is_new and code is not null'),
] %}

{# What cases count in each line of the return. #}
counted_in as (
    {%- for group, codes, measure, condition in groups %}
    select
        organisation_ods_code,
        period_start_date,
        '{{ group }}' as measure_group_code,
        {{ measure }} as measure_code,
        case_count
    from cases_of_years
    where measure_group_code = '{{ codes }}' and {{ condition }}
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
        cast(sum(case_count) as bigint) as own_count
    from counted_in
    group by organisation_ods_code, period_start_date, measure_group_code, measure_code
),

{# What may be missing under any of a group's codes. #}
without_code as (
    select
        organisation_ods_code,
        period_start_date,
        {%- for group in ['service', 'profession', 'subject'] %}
        sum(case when measure_group_code = '{{ group }}' and code is null then case_count else 0 end) as {{ group }}_count,
        {%- endfor %}
        sum(reopened_count) as reopened_count
    from cases_of_years
    where is_new
    group by organisation_ods_code, period_start_date
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
            when 'subject' then nullif(without_code.subject_count, 0)
            when 'clinical_treatment' then nullif(without_code.subject_count, 0)
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
