with memberships as (
    select * from {{ ref('bridge_organisation_membership') }}
),

first_memberships as (
    select
        ods_code,
        min(valid_from_date) as first_date
    from memberships
    group by ods_code
),

organisations as (
    select
        published.ods_code,
        published.organisation_name,
        published.role_code,
        published.closed_date,
        least(published.opened_date, coalesce(first_memberships.first_date, published.opened_date)) as first_date
    from {{ ref('organisation_latest') }} as published
    left join first_memberships on published.ods_code = first_memberships.ods_code
),

sub_icb_parents as (
    -- when the ICB of the sub-ICB changes, so does that of its members
    select
        members.ods_code,
        parents.parent_ods_code as icb_code,
        greatest(members.valid_from_date, parents.valid_from_date) as valid_from_date,
        least(members.valid_to_date, parents.valid_to_date) as valid_to_date
    from memberships as members
    inner join memberships as parents
        on
            members.parent_ods_code = parents.ods_code
            and members.valid_from_date <= parents.valid_to_date
            and members.valid_to_date >= parents.valid_from_date
    where members.relationship_code = 'member_of_sub_icb' and parents.relationship_code = 'member_of_icb'
),

spans as (
    select
        ods_code,
        valid_from_date,
        valid_to_date
    from memberships
    union all
    select
        ods_code,
        valid_from_date,
        valid_to_date
    from sub_icb_parents
),

changes as (
    select
        ods_code,
        first_date as change_date
    from organisations
    union
    select
        ods_code,
        valid_from_date as change_date
    from spans
    union
    select
        ods_code,
        cast({{ dbt.dateadd('day', 1, 'valid_to_date') }} as date) as change_date
    from spans
    where valid_to_date < cast('9999-12-31' as date)
),

followed as (
    select
        organisations.ods_code,
        organisations.organisation_name,
        organisations.role_code,
        organisations.closed_date,
        changes.change_date as valid_from_date,
        lead(changes.change_date) over (partition by changes.ods_code order by changes.change_date) as next_date
    from changes
    inner join organisations on changes.ods_code = organisations.ods_code
    where changes.change_date <= organisations.closed_date or changes.change_date = organisations.first_date
),

windows as (
    select
        ods_code,
        organisation_name,
        role_code,
        valid_from_date,
        case
            when next_date is null then closed_date
            else cast({{ dbt.dateadd('day', -1, 'next_date') }} as date)
        end as valid_to_date
    from followed
),

as_was as (
    select
        windows.ods_code,
        windows.organisation_name,
        windows.role_code,
        windows.valid_from_date,
        windows.valid_to_date,
        pcns.parent_ods_code as pcn_code,
        sub_icbs.parent_ods_code as sub_icb_code,
        regions.parent_ods_code as region_code,
        -- an ICB told with a date comes first, then the one of the sub-ICB, then one told without a date
        case
            when windows.role_code = 'icb' then windows.ods_code
            when icbs.basis_code = 'dated' then icbs.parent_ods_code
            else coalesce(sub_icb_parents.icb_code, icbs.parent_ods_code)
        end as icb_code,
        coalesce(icbs.basis_code = 'dated', false) as has_dated_icb
    from windows
    left join memberships as pcns
        on
            windows.ods_code = pcns.ods_code
            and pcns.relationship_code = 'member_of_pcn'
            and windows.valid_from_date between pcns.valid_from_date and pcns.valid_to_date
    left join memberships as sub_icbs
        on
            windows.ods_code = sub_icbs.ods_code
            and sub_icbs.relationship_code = 'member_of_sub_icb'
            and windows.valid_from_date between sub_icbs.valid_from_date and sub_icbs.valid_to_date
    left join memberships as icbs
        on
            windows.ods_code = icbs.ods_code
            and icbs.relationship_code = 'member_of_icb'
            and windows.valid_from_date between icbs.valid_from_date and icbs.valid_to_date
    left join memberships as regions
        on
            windows.ods_code = regions.ods_code
            and regions.relationship_code = 'member_of_region'
            and windows.valid_from_date between regions.valid_from_date and regions.valid_to_date
    left join sub_icb_parents
        on
            windows.ods_code = sub_icb_parents.ods_code
            and windows.valid_from_date between sub_icb_parents.valid_from_date and sub_icb_parents.valid_to_date
),

latest as (
    -- the window of today, or the last before it
    select
        as_was.*,
        row_number() over (
            partition by as_was.ods_code
            order by case when as_was.valid_from_date <= {{ today() }} then 0 else 1 end asc, as_was.valid_from_date desc
        ) as recency
    from as_was
),

finals as (
    select
        ods_code,
        successor_ods_code
    from {{ ref('bridge_organisation_successor') }}
    where is_final
),

successions as (
    -- one successor today is the answer; several are never chosen between
    select
        ods_code,
        count(*) as successor_count,
        case when count(*) = 1 then min(successor_ods_code) end as successor_ods_code
    from finals
    group by ods_code
),

icbs_today as (
    -- every ICB that stands today for an organisation's last known one: of its successors, or of its sub-ICB's successors
    select
        organisations.ods_code,
        case
            when latest.has_dated_icb or sub_icb_finals.successor_ods_code is null then latest.icb_code
            else coalesce(sub_icb_latest.icb_code, latest.icb_code)
        end as icb_code
    from organisations
    left join finals on organisations.ods_code = finals.ods_code
    inner join latest
        on coalesce(finals.successor_ods_code, organisations.ods_code) = latest.ods_code and latest.recency = 1
    left join finals as sub_icb_finals on latest.sub_icb_code = sub_icb_finals.ods_code
    left join latest as sub_icb_latest
        on sub_icb_finals.successor_ods_code = sub_icb_latest.ods_code and sub_icb_latest.recency = 1
),

as_is_icbs as (
    select
        icbs_today.ods_code,
        case
            when
                count(distinct coalesce(finals.successor_ods_code, icbs_today.icb_code)) = 1
                then min(coalesce(finals.successor_ods_code, icbs_today.icb_code))
        end as current_icb_code
    from icbs_today
    left join finals on icbs_today.icb_code = finals.ods_code
    group by icbs_today.ods_code
),

as_is as (
    select
        organisations.ods_code,
        as_is_icbs.current_icb_code,
        coalesce(successions.successor_count, 0) > 1 as has_several_successors,
        case
            when successions.ods_code is null then organisations.ods_code
            else successions.successor_ods_code
        end as current_ods_code
    from organisations
    left join successions on organisations.ods_code = successions.ods_code
    left join as_is_icbs on organisations.ods_code = as_is_icbs.ods_code
)

select
    cast(as_was.ods_code || '@' || cast(as_was.valid_from_date as varchar) as varchar) as organisation_key,
    cast(as_was.ods_code as varchar) as ods_code,
    cast(as_was.organisation_name as varchar) as organisation_name,
    cast(as_was.role_code as varchar) as role_code,
    cast(as_was.pcn_code as varchar) as pcn_code,
    cast(as_was.sub_icb_code as varchar) as sub_icb_code,
    cast(as_was.icb_code as varchar) as icb_code,
    cast(as_was.region_code as varchar) as region_code,
    cast(as_is.current_ods_code as varchar) as current_ods_code,
    cast(current_organisations.organisation_name as varchar) as current_organisation_name,
    cast(as_is.current_icb_code as varchar) as current_icb_code,
    cast(as_is.has_several_successors as boolean) as has_several_successors,
    cast(as_was.valid_from_date as date) as valid_from_date,
    cast(as_was.valid_to_date as date) as valid_to_date,
    cast({{ today() }} between as_was.valid_from_date and as_was.valid_to_date as boolean) as is_current
from as_was
inner join as_is on as_was.ods_code = as_is.ods_code
left join organisations as current_organisations on as_is.current_ods_code = current_organisations.ods_code
