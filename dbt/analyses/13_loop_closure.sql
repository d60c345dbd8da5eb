-- Of the people who told us something, who was told what changed, and how long did it take?
select
    organisation_name,
    title,
    theme_names,
    status_code,
    said_date,
    done_date,
    told_back_date,
    told_back_channel_code,
    is_loop_closed,
    said_to_told_days
from published.loop_closure
order by is_loop_closed desc, said_to_told_days asc, action_key asc
