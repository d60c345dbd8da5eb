-- What share of complaints has known ethnicity, learning disability and age?
select
    source_code,
    organisation_ods_code,
    organisation_name,
    period_kind_code,
    period_start_date,
    dimension_code,
    known_count,
    all_count,
    known_share,
    known_share_low,
    known_share_high,
    not_stated_count,
    not_recorded_count
from marts.demographic_completeness
order by source_code, organisation_ods_code, period_start_date, dimension_code
