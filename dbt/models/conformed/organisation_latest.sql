with ranked as (
    select
        ods_code,
        organisation_name,
        role_code,
        region_code,
        icb_code,
        sub_icb_code,
        opened_date,
        closed_date,
        row_number() over (
            partition by ods_code
            order by version_at desc, case when role_code = 'other' then 1 else 0 end asc, role_code asc
        ) as preference
    from {{ ref('stg_organisation') }}
    where not is_removed
)

select
    cast(ods_code as varchar) as ods_code,
    cast(organisation_name as varchar) as organisation_name,
    cast(role_code as varchar) as role_code,
    cast(region_code as varchar) as region_code,
    -- Q and a digit was a regional office of NHS England, which older files give in place of an ICB
    cast(case when substring(icb_code, 2, 1) not between '0' and '9' then icb_code end as varchar) as icb_code,
    cast(sub_icb_code as varchar) as sub_icb_code,
    cast(coalesce(opened_date, cast('1900-01-01' as date)) as date) as opened_date,
    cast(coalesce(closed_date, cast('9999-12-31' as date)) as date) as closed_date
from ranked
where preference = 1
