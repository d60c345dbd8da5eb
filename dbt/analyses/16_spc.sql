-- Is this month's change real?
-- A verdict needs 13 points; common_cause is no change.
select
    metric_name,
    organisation_ods_code,
    organisation_name,
    setting_code,
    month_start_date,
    value,
    denominator_count,
    lower_limit,
    mean_value,
    upper_limit,
    variation_code,
    special_cause_code,
    point_count
from marts.spc
where is_latest
order by metric_name, organisation_ods_code, setting_code
