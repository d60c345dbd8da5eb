-- Are complaints acknowledged in 3 working days, answered by the agreed date, or open beyond 6 months?
-- Each share is of the cases that can be decided already, with its 95% interval; the decided count stands beside it.
select
    organisation_ods_code,
    organisation_name,
    quarter_start_date,
    complaint_count,
    acknowledged_in_time_share,
    acknowledged_in_time_share_low,
    acknowledged_in_time_share_high,
    acknowledged_in_time_decided_count,
    answered_by_agreed_date_share,
    answered_by_agreed_date_share_low,
    answered_by_agreed_date_share_high,
    answered_by_agreed_date_decided_count,
    beyond_six_months_count,
    beyond_six_months_decided_count
from marts.complaint_timeliness_quarter
order by quarter_start_date desc, organisation_ods_code asc
