-- Are our actions mostly physical or relational, and which are followed by improvement?
-- Followed by is not caused by: see the description of marts.action_effect.
select
    change_type_code,
    count(distinct action_key) as action_count,
    count(distinct case when done_date is not null then action_key end) as done_action_count,
    count(distinct case when followed_by_code is not null then action_key end) as judged_action_count,
    count(distinct case when followed_by_code = 'better' then action_key end) as followed_by_better_count,
    count(distinct case when followed_by_code = 'worse' then action_key end) as followed_by_worse_count,
    count(distinct case when remeasured_outcome_code = 'improved' then action_key end) as said_to_be_improved_count
from marts.action_effect
group by change_type_code
order by action_count desc, change_type_code asc
