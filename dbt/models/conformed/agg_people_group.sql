{# An activity alone has several rows of one dimension (inclusion): it is told apart by its id, so that it is counted once. #}
select
    organisation_ods_code,
    event_date,
    source_code,
    dimension_code,
    people_group_code,
    is_known,
    is_unmatched,
    is_approximate,
    case when dimension_code = 'inclusion' then feedback_id end as feedback_id,
    count(*) as record_count
from {{ ref('bridge_feedback_people_group') }}
group by
    organisation_ods_code,
    event_date,
    source_code,
    dimension_code,
    people_group_code,
    is_known,
    is_unmatched,
    is_approximate,
    case when dimension_code = 'inclusion' then feedback_id end
