with landings as (
    select
        feed_id,
        {{ utc_date('max(landed_at)') }} as last_landed_date
    from {{ source('ops', 'submission') }}
    where outcome_code = 'loaded'
    group by feed_id
),

versions as (
    select
        feed_id,
        max(version_date) as last_version_date
    from {{ ref('agg_complaint_version') }}
    group by feed_id
),

{# No feed speaks of days after its last landing: a mistyped time of change would add years of empty months. #}
as_of as (
    select
        versions.feed_id,
        least(versions.last_version_date, coalesce(landings.last_landed_date, versions.last_version_date)) as as_of_date
    from versions
    left join landings on versions.feed_id = landings.feed_id
)

select
    as_of.feed_id,
    as_of.as_of_date,
    cast(days.working_day_number as bigint) as as_of_working_day_number
from as_of
left join {{ ref('dim_date') }} as days on as_of.as_of_date = days.date_day
