-- What narratives stand beside the number for a theme?
-- The newest two hundred of all organisations: ask of one, or change the limit.
-- The words: nursing opens them (access.open_narratives) and reads published.narrative by feedback_id; comms reads
-- published.consented_story beside published.theme_evidence.
select
    narratives.feedback_id,
    narratives.feedback_kind_code,
    narratives.organisation_name,
    narratives.event_date,
    narratives.is_positive,
    narratives.is_negative,
    narratives.is_consented,
    complaints.share as complaint_share,
    complaints.share_low as complaint_share_low,
    complaints.share_high as complaint_share_high,
    complaints.denominator_count as complaint_denominator_count,
    stories.share as story_critical_share,
    stories.share_low as story_critical_share_low,
    stories.share_high as story_critical_share_high,
    stories.denominator_count as story_denominator_count
from marts.story_with_metric as narratives
left join marts.theme_measure_quarter as complaints
    on
        complaints.measure_code = 'complaint_share'
        and narratives.theme_code = complaints.theme_code
        and narratives.organisation_ods_code = complaints.organisation_ods_code
        and narratives.quarter_start_date = complaints.quarter_start_date
left join marts.theme_measure_quarter as stories
    on
        stories.measure_code = 'story_critical_share'
        and narratives.theme_code = stories.theme_code
        and narratives.organisation_ods_code = stories.organisation_ods_code
        and narratives.quarter_start_date = stories.quarter_start_date
where narratives.theme_code = 'T08'
order by narratives.event_date desc, narratives.feedback_id asc
limit 200
