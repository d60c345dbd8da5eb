{# Reports and activities speak for many people, and are nobody's journey. #}
with journeys as (
    select
        feedback_id,
        record_type,
        feedback_kind_code,
        event_date,
        direction_code
    from {{ ref('fct_feedback') }}
    where record_type in ('experience_story', 'complaint', 'survey_response', 'ombudsman_decision')
),

stops as (
    select
        services.feedback_id,
        count(*) as service_count,
        {{ dbt.listagg('services.service_code', "', '", 'order by services.service_code') }} as service_codes
    from {{ ref('bridge_feedback_service') }} as services
    group by services.feedback_id
    having count(*) > 1
),

organisations as (
    select
        feedback_id,
        count(*) as organisation_count,
        {{ dbt.listagg('organisation_ods_code', "', '", 'order by organisation_ods_code') }} as organisation_ods_codes
    from {{ ref('bridge_feedback_organisation') }}
    group by feedback_id
),

elsewhere as (
    select
        feedback_id,
        max(case when organisation_ods_code = 'unmatched' then 1 else 0 end) as unmatched_number
    from {{ ref('bridge_feedback_service') }}
    group by feedback_id
),

mentions as (
    select distinct
        feedback_id,
        theme_code,
        is_negative
    from {{ ref('fct_theme_mention') }}
),

themes as (
    select
        feedback_id,
        max(case when theme_code = 'T08' then 1 else 0 end) as handover_number,
        max(case when theme_code = 'T08' and is_negative then 1 else 0 end) as criticised_number,
        {{ dbt.listagg('theme_code', "', '", 'order by theme_code') }} as theme_codes
    from mentions
    group by feedback_id
)

select
    journeys.feedback_id,
    journeys.record_type,
    journeys.feedback_kind_code,
    journeys.event_date,
    cast({{ dbt.date_trunc('quarter', 'journeys.event_date') }} as date) as quarter_start_date,
    coalesce(organisations.organisation_count, 0) as organisation_count,
    organisations.organisation_ods_codes,
    elsewhere.unmatched_number = 1 as has_unmatched_service,
    coalesce(organisations.organisation_count, 0) > 1
    or (coalesce(organisations.organisation_count, 0) = 1 and elsewhere.unmatched_number = 1) as is_across_organisations,
    stops.service_count,
    stops.service_codes,
    journeys.direction_code,
    themes.theme_codes,
    case when themes.theme_codes is not null then themes.handover_number = 1 end as has_handover_theme,
    case when themes.theme_codes is not null then themes.criticised_number = 1 end as is_handover_criticised
from journeys
inner join stops on journeys.feedback_id = stops.feedback_id
left join organisations on journeys.feedback_id = organisations.feedback_id
left join elsewhere on journeys.feedback_id = elsewhere.feedback_id
left join themes on journeys.feedback_id = themes.feedback_id
