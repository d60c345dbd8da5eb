-- What narratives stand beside the number for a theme?
-- The words: nursing opens them (access.open_narratives) and reads published.narrative by feedback_id; comms reads
-- published.consented_story beside published.theme_evidence.
select
    feedback_id,
    feedback_kind_code,
    organisation_name,
    event_date,
    is_positive,
    is_negative,
    is_consented,
    complaint_share,
    complaint_share_low,
    complaint_share_high,
    complaint_denominator_count,
    story_critical_share,
    story_critical_share_low,
    story_critical_share_high,
    story_denominator_count
from marts.story_with_metric
where theme_code = 'T08'
order by event_date desc, feedback_id asc
