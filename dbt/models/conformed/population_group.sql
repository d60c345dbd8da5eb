{# No integrated care system has as many residents: more is a whole country's file, and no system's own population. #}
{%- set most_people = 4000000 -%}

with populations as (
    select *
    from {{ ref('fct_population') }}
    where not is_total or age_code <> 'all' or sex_code <> 'all'
),

{# Each figure says one thing about people, the rest of it being all. #}
told as (
    select
        denominator_code,
        area_type_code,
        area_code,
        as_of_date,
        case when starts_with(group_scheme_code, 'ethnic_') then 'ethnic_2001' else group_scheme_code end as dimension_code,
        group_scheme_code as source_scheme_code,
        group_code as source_code,
        people_count
    from populations
    where group_scheme_code <> 'all' and age_code = 'all' and sex_code = 'all'
    union all
    select
        denominator_code,
        area_type_code,
        area_code,
        as_of_date,
        'gender' as dimension_code,
        'gender' as source_scheme_code,
        case sex_code when 'male' then '1' when 'female' then '2' end as source_code,
        people_count
    from populations
    where group_scheme_code = 'all' and age_code = 'all' and sex_code <> 'all'
    union all
    select
        denominator_code,
        area_type_code,
        area_code,
        as_of_date,
        'age' as dimension_code,
        'age_gpps' as source_scheme_code,
        case
            when age_code not similar to '[0-9]{1,2}[+]?' then age_code
            when cast(replace(age_code, '+', '') as integer) <= 17 then '0-17'
            when cast(replace(age_code, '+', '') as integer) <= 25 then '18-25'
            when cast(replace(age_code, '+', '') as integer) <= 64 then '26-64'
            when cast(replace(age_code, '+', '') as integer) <= 74 then '65-74'
            else '75+'
        end as source_code,
        people_count
    from populations
    where group_scheme_code = 'all' and age_code <> 'all' and sex_code = 'all'
),

{# Everything loaded: areas of one kind, the one with the most areas, for kinds lie in each other. #}
area_types as (
    select
        denominator_code,
        dimension_code,
        area_type_code,
        row_number() over (
            partition by denominator_code, dimension_code
            order by count(distinct area_code) desc, area_type_code
        ) as type_number
    from told
    group by denominator_code, dimension_code, area_type_code
),

placed as (
    select
        'all' as place_code,
        told.*
    from told
    inner join area_types
        on
            told.denominator_code = area_types.denominator_code
            and told.dimension_code = area_types.dimension_code
            and told.area_type_code = area_types.area_type_code
    where area_types.type_number = 1
    union all
    select
        place_members.place_code,
        told.*
    from told
    inner join {{ ref('place_member') }} as place_members
        on told.area_code = place_members.member_code and place_members.member_kind_code = 'area'
),

latest as (
    select
        *,
        max(as_of_date) over (partition by place_code, denominator_code, dimension_code) as last_as_of_date
    from placed
),

totals as (
    select
        place_code,
        denominator_code,
        dimension_code,
        as_of_date,
        count(distinct area_code) as area_count,
        sum(people_count) as total_count
    from latest
    where as_of_date = last_as_of_date
    group by place_code, denominator_code, dimension_code, as_of_date
),

schemes as (
    select distinct
        case when starts_with(source_scheme_code, 'age_') then 'age' else source_scheme_code end as scheme_code,
        source_code,
        people_group_code,
        is_approximate
    from {{ ref('bridge_people_group') }}
),

grouped as (
    select
        latest.place_code,
        latest.denominator_code,
        latest.dimension_code,
        schemes.people_group_code,
        sum(latest.people_count) as people_count,
        max(case when schemes.is_approximate then 1 else 0 end) = 1 as is_approximate
    from latest
    inner join schemes
        on
            schemes.scheme_code = case when latest.dimension_code = 'age' then 'age' else latest.source_scheme_code end
            and latest.source_code = schemes.source_code
    where latest.as_of_date = latest.last_as_of_date
    group by latest.place_code, latest.denominator_code, latest.dimension_code, schemes.people_group_code
)

select
    grouped.place_code,
    grouped.denominator_code,
    grouped.dimension_code,
    grouped.people_group_code,
    cast(grouped.people_count as bigint) as people_count,
    cast(totals.total_count as bigint) as total_count,
    totals.area_count,
    totals.as_of_date,
    grouped.is_approximate
from grouped
inner join totals
    on
        grouped.place_code = totals.place_code
        and grouped.denominator_code = totals.denominator_code
        and grouped.dimension_code = totals.dimension_code
where grouped.place_code <> 'all' or totals.total_count <= {{ most_people }}
