{{ config(severity='warn') }}

{#- Published returns of which the numbers do not fit each other: the source's fault, shown, never corrected. #}
with returns as (
    select
        collection_code,
        level_code,
        return_code,
        period_start_date,
        organisation_ods_code,
        site_ods_code,
        site_name,
        contract_number,
        max(case when measure_code = 'complaints_total_brought_forward' then complaints_count end) as brought_forward,
        max(case when measure_code = 'complaints_total_new' then complaints_count end) as new_complaints,
        max(case when measure_code = 'complaints_total_resolved' then complaints_count end) as resolved,
        max(case when measure_code = 'complaints_total_carried_forward' then complaints_count end) as carried_forward,
        max(case when measure_code = 'complaints_number_upheld' then complaints_count end) as upheld,
        max(case when measure_code = 'complaints_number_partially_upheld' then complaints_count end) as partially_upheld,
        max(case when measure_code = 'complaints_number_not_upheld' then complaints_count end) as not_upheld,
        max(case when measure_code = 'age_total' then complaints_count end) as age_total,
        max(case when measure_code = 'status_total' then complaints_count end) as status_total,
        max(case when measure_code = 'service_total' then complaints_count end) as service_total,
        max(case when measure_code = 'subject_area_total' then complaints_count end) as subject_total,
        max(case when measure_code = 'profession_total' then complaints_count end) as profession_total
    from {{ ref('fct_complaint_return') }}
    group by
        collection_code,
        level_code,
        return_code,
        period_start_date,
        organisation_ods_code,
        site_ods_code,
        site_name,
        contract_number
)

select
    *,
    case
        when brought_forward + new_complaints <> resolved + carried_forward then 'brought forward + new <> resolved + carried forward'
        when upheld + partially_upheld + not_upheld <> resolved then 'upheld + partially + not upheld <> resolved'
        when age_total <> new_complaints or status_total <> new_complaints then 'age or status total <> new'
        else 'service, subject or profession total < new'
    end as breach
from returns
where
    brought_forward + new_complaints <> resolved + carried_forward
    or upheld + partially_upheld + not_upheld <> resolved
    or age_total <> new_complaints
    or status_total <> new_complaints
    or service_total < new_complaints
    or subject_total < new_complaints
    or profession_total < new_complaints
