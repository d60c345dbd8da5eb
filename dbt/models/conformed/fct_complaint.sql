with cases as (
    select
        *,
        'complaint:' || organisation_ods_code || ':' || case_pseudonym as feedback_id
    from {{ ref('stg_complaint') }}
),

working_days as (
    select
        date_day,
        working_day_number
    from {{ ref('dim_date') }}
)

select
    cases.feedback_id,
    cases.organisation_ods_code,
    cases.case_pseudonym,
    cases.case_type_code,
    cases.case_type_code = 'complaint' as is_complaint,
    cases.received_date,
    cases.acknowledged_date,
    cases.response_due_date,
    cases.response_sent_date,
    cases.closed_date,
    cases.stage_code,
    coalesce(cases.stage_code = 'reopened', false)
    or (cases.closed_date is null and coalesce(cases.stage_code, 'received') not in ('closed', 'withdrawn')) as is_open,
    coalesce(cases.reopened_count, 0) as reopened_count,
    cases.outcome_code,
    cases.received_via_code,
    cases.complainant_relationship_code,
    cases.consent_status_code,
    cases.severity_code,
    cases.service_code,
    cases.profession_code,
    cases.site_ods_code,
    cases.site_name,
    cases.specialty_name,
    cases.subject_codes,
    cases.subject_source_names,
    cases.age_band_code,
    cases.ethnic_category_code,
    cases.gender_code,
    cases.has_learning_disability,
    cases.pals_origin_pseudonym,
    cast(acknowledged.working_day_number - received.working_day_number as bigint) as acknowledgement_working_days,
    cast(responded.working_day_number - received.working_day_number as bigint) as response_working_days,
    cast(received.working_day_number as bigint) as received_working_day_number,
    cases.feed_id,
    cases.submission_id,
    cases.line_number
from cases
left join working_days as received on cases.received_date = received.date_day
left join working_days as acknowledged on cases.acknowledged_date = acknowledged.date_day
left join working_days as responded on cases.response_sent_date = responded.date_day
where not cases.is_removed
