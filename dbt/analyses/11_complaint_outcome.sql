-- What share of complaints is upheld or partly upheld by subject, this year and over time?
select
    organisation_ods_code,
    organisation_name,
    subject_code,
    quarter_start_date,
    upheld_share,
    upheld_share_low,
    upheld_share_high,
    resolved_count
from marts.complaint_outcome
order by organisation_ods_code asc, subject_code asc, quarter_start_date desc
