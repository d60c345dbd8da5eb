{{ config(schema='published') }}

with ranked_submissions as (
    select
        *,
        row_number() over (partition by feed_id order by landed_at desc, submission_id desc) as recency_number
    from {{ source('ops', 'submission') }}
),

submissions as (
    select
        feed_id,
        count(*) as submission_count,
        sum(case when outcome_code = 'rejected' then 1 else 0 end) as refused_submission_count,
        sum(received_count) as received_count,
        sum(accepted_count) as accepted_count,
        sum(rejected_count) as rejected_count,
        sum(case when source_count <> received_count then 1 else 0 end) as unreconciled_submission_count,
        max(landed_at) as last_landed_at,
        max(case when outcome_code = 'loaded' then landed_at end) as last_loaded_at
    from ranked_submissions
    group by feed_id
),

warnings as (
    select
        feed_id,
        count(*) as warning_count
    from {{ source('ops', 'submission_warning') }}
    group by feed_id
),

last_submissions as (
    select
        feed_id,
        submission_id,
        outcome_code,
        rejection_code,
        received_count,
        rejected_count,
        source_count
    from ranked_submissions
    where recency_number = 1
),

unknown_columns as (
    select
        last_submissions.feed_id,
        count(distinct warnings.column_name) as unmapped_column_count
    from last_submissions
    inner join {{ source('ops', 'submission_warning') }} as warnings
        on last_submissions.submission_id = warnings.submission_id
    where warnings.code = 'unknown_column'
    group by last_submissions.feed_id
),

measured as (
    select
        feeds.feed_id,
        feeds.feed_name,
        feeds.record_type,
        feeds.publisher_name,
        feeds.owner_directorate_code,
        feeds.source_family_code,
        feeds.is_active,
        feeds.expected_every_days,
        submissions.last_landed_at,
        submissions.last_loaded_at,
        {{ days_between(utc_date('submissions.last_loaded_at'), today()) }} as days_since_last_load, -- noqa: LT05
        coalesce(submissions.submission_count, 0) as submission_count,
        coalesce(submissions.refused_submission_count, 0) as refused_submission_count,
        coalesce(submissions.received_count, 0) as received_count,
        coalesce(submissions.accepted_count, 0) as accepted_count,
        coalesce(submissions.rejected_count, 0) as rejected_count,
        coalesce(warnings.warning_count, 0) as warning_count,
        coalesce(unknown_columns.unmapped_column_count, 0) as unmapped_column_count,
        coalesce(submissions.unreconciled_submission_count, 0) as unreconciled_submission_count,
        last_submissions.source_count = last_submissions.received_count as is_reconciled,
        last_submissions.outcome_code as last_outcome_code,
        last_submissions.rejection_code as last_rejection_code,
        last_submissions.rejected_count
        / cast(nullif(last_submissions.received_count, 0) as double precision) as last_rejected_share
    from {{ source('ops', 'feed') }} as feeds
    left join submissions on feeds.feed_id = submissions.feed_id
    left join warnings on feeds.feed_id = warnings.feed_id
    left join last_submissions on feeds.feed_id = last_submissions.feed_id
    left join unknown_columns on feeds.feed_id = unknown_columns.feed_id
)

select
    feed_id,
    feed_name,
    record_type,
    publisher_name,
    owner_directorate_code,
    source_family_code,
    is_active,
    expected_every_days,
    last_landed_at,
    last_loaded_at,
    days_since_last_load,
    case
        when not is_active or expected_every_days is null then null
        else coalesce(days_since_last_load > expected_every_days, true)
    end as is_late,
    submission_count,
    cast(refused_submission_count as bigint) as refused_submission_count,
    cast(received_count as bigint) as received_count,
    cast(accepted_count as bigint) as accepted_count,
    cast(rejected_count as bigint) as rejected_count,
    rejected_count / cast(nullif(received_count, 0) as double precision) as rejected_share,
    warning_count,
    unmapped_column_count,
    cast(unreconciled_submission_count as bigint) as unreconciled_submission_count,
    is_reconciled,
    last_outcome_code,
    last_rejection_code,
    last_rejected_share
from measured
