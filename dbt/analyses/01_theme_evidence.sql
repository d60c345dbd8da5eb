-- For a theme at an organisation, what does each directorate's evidence say side by side this quarter?
-- T08 is coordination, discharge and transitions: conformed.dim_theme has the others.
select
    theme_name,
    current_ods_code,
    organisation_name,
    quarter_start_date,
    sum(case when owner_directorate_code = 'nursing' then feedback_count else 0 end) as nursing_count,
    sum(case when owner_directorate_code = 'nursing' then positive_count else 0 end) as nursing_positive_count,
    sum(case when owner_directorate_code = 'nursing' then negative_count else 0 end) as nursing_negative_count,
    sum(case when owner_directorate_code = 'comms' then feedback_count else 0 end) as comms_count,
    sum(case when owner_directorate_code = 'comms' then positive_count else 0 end) as comms_positive_count,
    sum(case when owner_directorate_code = 'comms' then negative_count else 0 end) as comms_negative_count
from marts.theme_evidence
where theme_code = 'T08'
group by theme_name, current_ods_code, organisation_name, quarter_start_date
order by quarter_start_date desc, organisation_name asc
