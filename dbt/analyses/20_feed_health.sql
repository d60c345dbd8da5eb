-- Which feeds are late, partial, changed in shape, or do not reconcile?
-- published.answer_coverage says which questions what has come can answer.
select
    feed_name,
    record_type,
    publisher_name,
    last_landed_at,
    is_late,
    rejected_share,
    received_count,
    unmapped_column_count,
    is_reconciled,
    last_outcome_code,
    last_rejection_code
from published.feed_health
where is_active
order by is_late desc, feed_name asc
