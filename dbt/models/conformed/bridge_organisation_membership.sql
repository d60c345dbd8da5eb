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

organisations as (
    select
        ods_code,
        role_code,
        sub_icb_code,
        icb_code,
        region_code,
        coalesce(opened_date, cast('1900-01-01' as date)) as opened_date,
        row_number() over (
            partition by ods_code
            order by version_at desc, case when role_code = 'other' then 1 else 0 end, role_code
        ) as preference
    from {{ ref('stg_organisation') }}
    where not is_removed
),

published as (
    -- what a file says without a date holds only where no dated membership of the kind is known
    select
        ods_code,
        'member_of_sub_icb' as relationship_code,
        sub_icb_code as parent_ods_code,
        opened_date
    from organisations
    where preference = 1 and sub_icb_code is not null
    union all
    select
        ods_code,
        'member_of_icb' as relationship_code,
        icb_code as parent_ods_code,
        opened_date
    from organisations
    -- Q and a digit was a regional office, not an ICB
    where preference = 1 and icb_code is not null and substring(icb_code, 2, 1) not between '0' and '9'
    union all
    select
        ods_code,
        'member_of_region' as relationship_code,
        region_code as parent_ods_code,
        opened_date
    from organisations
    where preference = 1 and region_code is not null
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
)

select
    cast(ods_code as varchar) as ods_code,
    cast(relationship_code as varchar) as relationship_code,
    cast(parent_ods_code as varchar) as parent_ods_code,
    cast(valid_from_date as date) as valid_from_date,
    cast(valid_to_date as date) as valid_to_date,
    cast(basis_code as varchar) as basis_code
from memberships
