-- Which engagement activities reached whom, led to which evidence, and to which outcome?
select
    organisation_name,
    activity_name,
    activity_date,
    activity_kind_code,
    initiator_code,
    reached_count,
    contributed_count,
    contributed_share,
    contributed_share_low,
    contributed_share_high,
    people_group_names,
    unknown_group_count,
    theme_codes,
    action_count,
    done_action_count,
    result_code,
    told_back_date
from marts.engagement_outcome
order by activity_date desc, feedback_id asc
