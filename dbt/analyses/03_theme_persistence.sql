-- Which themes have appeared in at least 4 of the last 8 quarters in at least 2 families with no completed action?
select
    organisation_ods_code,
    organisation_name,
    theme_name,
    first_seen_date,
    last_seen_date,
    quarters_present_of_8,
    quarters_criticised_of_8,
    family_count_of_8,
    feedback_count,
    open_action_count,
    last_quarter_date
from marts.theme_persistence
where quarters_present_of_8 >= 4 and family_count_of_8 >= 2 and done_action_count = 0
order by quarters_present_of_8 desc, feedback_count desc
