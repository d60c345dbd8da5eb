with versions as (
    select
        feed_id,
        {{ utc_date('version_at') }} as version_date
    from {{ ref('stg_complaint') }}
)

select
    feed_id,
    version_date,
    count(*) as case_count
from versions
group by feed_id, version_date
