-- Which stories cross two or more organisations, and where do they break?
-- marts.journey has the stories one by one, service_codes named.
select
    organisation_ods_code,
    service_code,
    other_ods_code,
    other_service_code,
    journey_count,
    handover_count,
    handover_criticised_count,
    handover_criticised_share,
    handover_criticised_share_low,
    handover_criticised_share_high,
    themed_count
from marts.journey_pair
where organisation_ods_code < other_ods_code
order by handover_criticised_count desc, journey_count desc, organisation_ods_code asc, service_code asc, other_service_code asc
