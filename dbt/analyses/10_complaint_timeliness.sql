-- Are complaints acknowledged in 3 working days, answered by the agreed date, or open beyond 6 months?
-- Each share is of the cases that can be decided already; the decided count stands beside it.
select
    organisation_ods_code,
    organisation_name,
    quarter_start_date,
    count(*) as complaint_count,
    avg(case when is_acknowledged_in_time then 1.0 when not is_acknowledged_in_time then 0.0 end) as acknowledged_in_time_share,
    count(is_acknowledged_in_time) as acknowledged_decided_count,
    avg(case when is_answered_by_agreed_date then 1.0 when not is_answered_by_agreed_date then 0.0 end) as answered_by_agreed_date_share,
    count(is_answered_by_agreed_date) as answered_decided_count,
    sum(case when is_beyond_six_months then 1 else 0 end) as beyond_six_months_count,
    count(is_beyond_six_months) as six_months_decided_count
from marts.complaint_timeliness
group by organisation_ods_code, organisation_name, quarter_start_date
order by quarter_start_date desc, organisation_ods_code asc
