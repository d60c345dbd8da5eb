with stated as (
    select
        from_ods_code as ods_code,
        relationship_code,
        to_ods_code as parent_ods_code,
        start_date,
        coalesce(end_date, cast('9999-12-31' as date)) as end_date,
        version_at
    from {{ ref('stg_organisation_relationship') }}
    where relationship_code <> 'succeeded_by' and not is_removed
),

one_a_day as (
    -- two parents of one kind from one day: the one that lasts, then the one told last
    select
        *,
        row_number() over (
            partition by ods_code, relationship_code, start_date
            order by end_date desc, version_at desc, parent_ods_code asc
        ) as preference
    from stated
),

followed as (
    select
        ods_code,
        relationship_code,
        parent_ods_code,
        start_date,
        end_date,
        lead(start_date) over (partition by ods_code, relationship_code order by start_date) as next_start_date
    from one_a_day
    where preference = 1
),

dated as (
    -- an older file can't know that a membership ended: the next one of the kind ends it
    select
        ods_code,
        relationship_code,
        parent_ods_code,
        start_date as valid_from_date,
        case
            when next_start_date is null or end_date < next_start_date then end_date
            else cast({{ dbt.dateadd('day', -1, 'next_start_date') }} as date)
        end as valid_to_date,
        'dated' as basis_code
    from followed
),

published as (
    -- what a file says without a date holds only where no dated membership of the kind is known
    select
        ods_code,
        'member_of_sub_icb' as relationship_code,
        sub_icb_code as parent_ods_code,
        opened_date
    from {{ ref('organisation_latest') }}
    where sub_icb_code is not null
    union all
    select
        ods_code,
        'member_of_icb' as relationship_code,
        icb_code as parent_ods_code,
        opened_date
    from {{ ref('organisation_latest') }}
    where icb_code is not null
    union all
    select
        ods_code,
        'member_of_region' as relationship_code,
        region_code as parent_ods_code,
        opened_date
    from {{ ref('organisation_latest') }}
    where region_code is not null
),

undated as (
    select
        published.ods_code,
        published.relationship_code,
        published.parent_ods_code,
        published.opened_date as valid_from_date,
        cast('9999-12-31' as date) as valid_to_date,
        'published' as basis_code
    from published
    where not exists (
        select 1
        from dated
        where dated.ods_code = published.ods_code and dated.relationship_code = published.relationship_code
    )
),

memberships as (
    select * from dated
    union all
    select * from undated
),

successions as (
    select * from {{ ref('bridge_organisation_successor') }}
    where is_same_kind
),

segments as (
    -- a membership is cut where its parent, or a successor of its parent, is succeeded
    select
        ods_code,
        relationship_code,
        parent_ods_code,
        basis_code,
        valid_from_date as member_from_date,
        valid_to_date as member_to_date,
        valid_from_date
    from memberships
    union
    select
        memberships.ods_code,
        memberships.relationship_code,
        memberships.parent_ods_code,
        memberships.basis_code,
        memberships.valid_from_date as member_from_date,
        memberships.valid_to_date as member_to_date,
        successions.effective_date as valid_from_date
    from memberships
    inner join successions
        on
            memberships.parent_ods_code = successions.ods_code
            and memberships.valid_from_date < successions.effective_date
            and memberships.valid_to_date >= successions.effective_date
),

bounded as (
    select
        segments.*,
        lead(segments.valid_from_date) over (
            partition by segments.ods_code, segments.relationship_code, segments.member_from_date
            order by segments.valid_from_date
        ) as next_from_date
    from segments
),

standing as (
    -- who stood for the parent on the first day of the segment; one answers, of several none is chosen
    select
        bounded.ods_code,
        bounded.relationship_code,
        bounded.valid_from_date,
        case when count(*) = 1 then min(successions.successor_ods_code) end as successor_ods_code
    from bounded
    inner join successions
        on
            bounded.parent_ods_code = successions.ods_code
            and bounded.valid_from_date >= successions.effective_date
    left join successions as later
        on
            successions.successor_ods_code = later.ods_code
            and bounded.valid_from_date >= later.effective_date
    where later.ods_code is null
    group by bounded.ods_code, bounded.relationship_code, bounded.valid_from_date
)

select
    cast(bounded.ods_code as varchar) as ods_code,
    cast(bounded.relationship_code as varchar) as relationship_code,
    cast(coalesce(standing.successor_ods_code, bounded.parent_ods_code) as varchar) as parent_ods_code,
    cast(bounded.valid_from_date as date) as valid_from_date,
    cast(
        case
            when bounded.next_from_date is null then bounded.member_to_date
            else {{ dbt.dateadd('day', -1, 'bounded.next_from_date') }}
        end as date
    ) as valid_to_date,
    cast(bounded.basis_code as varchar) as basis_code
from bounded
left join standing
    on
        bounded.ods_code = standing.ods_code
        and bounded.relationship_code = standing.relationship_code
        and bounded.valid_from_date = standing.valid_from_date
