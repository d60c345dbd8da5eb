with stops as (
    select
        services.feedback_id,
        services.organisation_ods_code,
        services.service_scheme_code,
        services.service_code
    from {{ ref('bridge_feedback_service') }} as services
    inner join {{ ref('journey') }} as journeys on services.feedback_id = journeys.feedback_id
),

{# A matrix has each pair from both sides, so that an organisation finds all its own in its own rows. #}
pairs as (
    select
        here.feedback_id,
        here.organisation_ods_code,
        here.service_scheme_code,
        here.service_code,
        there.organisation_ods_code as other_ods_code,
        there.service_scheme_code as other_service_scheme_code,
        there.service_code as other_service_code
    from stops as here
    inner join stops as there on here.feedback_id = there.feedback_id
    where
        here.organisation_ods_code <> there.organisation_ods_code
        or here.service_scheme_code <> there.service_scheme_code
        or here.service_code <> there.service_code
),

counted as (
    select
        pairs.organisation_ods_code,
        pairs.service_scheme_code,
        pairs.service_code,
        pairs.other_ods_code,
        pairs.other_service_scheme_code,
        pairs.other_service_code,
        min(journeys.event_date) as first_event_date,
        max(journeys.event_date) as last_event_date,
        count(*) as journey_count,
        count(journeys.has_handover_theme) as themed_count,
        sum(case when journeys.has_handover_theme then 1 else 0 end) as handover_count,
        sum(case when journeys.is_handover_criticised then 1 else 0 end) as handover_criticised_count
    from pairs
    inner join {{ ref('journey') }} as journeys on pairs.feedback_id = journeys.feedback_id
    group by
        pairs.organisation_ods_code,
        pairs.service_scheme_code,
        pairs.service_code,
        pairs.other_ods_code,
        pairs.other_service_scheme_code,
        pairs.other_service_code
)

select
    organisation_ods_code,
    service_scheme_code,
    service_code,
    other_ods_code,
    other_service_scheme_code,
    other_service_code,
    organisation_ods_code <> other_ods_code as is_across_organisations,
    first_event_date,
    last_event_date,
    journey_count,
    themed_count,
    cast(handover_count as bigint) as handover_count,
    cast(handover_criticised_count as bigint) as handover_criticised_count,
    handover_criticised_count / cast(nullif(themed_count, 0) as double precision) as handover_criticised_share,
    {{ wilson('handover_criticised_count', 'themed_count', 'low') }} as handover_criticised_share_low,
    {{ wilson('handover_criticised_count', 'themed_count', 'high') }} as handover_criticised_share_high
from counted
