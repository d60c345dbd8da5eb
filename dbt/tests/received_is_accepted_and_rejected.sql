select
    submission_id,
    received_count,
    accepted_count,
    rejected_count
from {{ source('ops', 'submission') }}
where received_count <> accepted_count + rejected_count
