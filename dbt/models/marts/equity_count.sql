with financial_years as (
    {{ financial_years() }}
),

placed as (
    {{ at_places(ref('agg_people_said')) }}
),

dated as (
    select
        placed.*,
        financial_years.year_name
    from placed
    inner join financial_years
        on placed.month_start_date between financial_years.period_start_date and financial_years.period_end_date
),

bases as (
    select
        place_code,
        year_name,
        source_code,
        measure_code,
        dimension_code,
        sum(record_count) as all_count,
        sum(case when is_grouped then record_count else 0 end) as known_count
    from dated
    where theme_code is null
    group by place_code, year_name, source_code, measure_code, dimension_code
),

saying as (
    select
        place_code,
        year_name,
        source_code,
        measure_code,
        dimension_code,
        theme_code,
        sum(case when is_grouped then record_count else 0 end) as saying_count
    from dated
    where theme_code is not null
    group by place_code, year_name, source_code, measure_code, dimension_code, theme_code
),

group_members as (
    select
        members.dimension_code,
        members.group_code,
        members.group_name,
        members.people_group_code
    from {{ ref('bridge_group_member') }} as members
    inner join {{ ref('equity_group') }} as declared
        on members.dimension_code = declared.dimension_code and members.group_code = declared.group_code
),

grouped as (
    select
        dated.place_code,
        dated.year_name,
        dated.source_code,
        dated.measure_code,
        dated.theme_code,
        dated.dimension_code,
        group_members.group_code,
        sum(dated.record_count) as record_count,
        max(case when dated.is_approximate then 1 else 0 end) = 1 as is_approximate
    from dated
    inner join group_members
        on
            dated.dimension_code = group_members.dimension_code
            and dated.people_group_code = group_members.people_group_code
    where dated.is_grouped
    group by
        dated.place_code,
        dated.year_name,
        dated.source_code,
        dated.measure_code,
        dated.theme_code,
        dated.dimension_code,
        group_members.group_code
),

group_names as (
    select distinct
        dimension_code,
        group_code,
        group_name
    from group_members
),

{# Each declared group, for whatever anybody of the source said that year. #}
compared as (
    select
        bases.place_code,
        bases.year_name,
        bases.source_code,
        bases.measure_code,
        saying.theme_code,
        bases.dimension_code,
        group_names.group_code,
        group_names.group_name,
        bases.all_count,
        bases.known_count,
        coalesce(group_bases.record_count, 0) as group_count,
        coalesce(group_saying.record_count, 0) as group_saying_count,
        bases.known_count - coalesce(group_bases.record_count, 0) as rest_count,
        saying.saying_count - coalesce(group_saying.record_count, 0) as rest_saying_count,
        coalesce(group_bases.is_approximate, false) as is_approximate
    from bases
    inner join saying
        on
            bases.place_code = saying.place_code
            and bases.year_name = saying.year_name
            and bases.source_code = saying.source_code
            and bases.measure_code = saying.measure_code
            and bases.dimension_code = saying.dimension_code
    inner join group_names on bases.dimension_code = group_names.dimension_code
    left join grouped as group_bases
        on
            group_bases.theme_code is null
            and bases.place_code = group_bases.place_code
            and bases.year_name = group_bases.year_name
            and bases.source_code = group_bases.source_code
            and bases.measure_code = group_bases.measure_code
            and bases.dimension_code = group_bases.dimension_code
            and group_names.group_code = group_bases.group_code
    left join grouped as group_saying
        on
            bases.place_code = group_saying.place_code
            and bases.year_name = group_saying.year_name
            and bases.source_code = group_saying.source_code
            and bases.measure_code = group_saying.measure_code
            and bases.dimension_code = group_saying.dimension_code
            and group_names.group_code = group_saying.group_code
            and saying.theme_code = group_saying.theme_code
)

select
    place_code,
    year_name,
    source_code,
    measure_code,
    theme_code,
    dimension_code,
    group_code,
    group_name,
    cast(all_count as bigint) as all_count,
    cast(known_count as bigint) as known_count,
    cast(group_count as bigint) as group_count,
    cast(group_saying_count as bigint) as group_saying_count,
    cast(rest_count as bigint) as rest_count,
    cast(rest_saying_count as bigint) as rest_saying_count,
    is_approximate
from compared
union all
{# No feed says how deprived the area is where somebody lives: the slope over its tenths can't be given, and this row says so. #}
select
    place_code,
    year_name,
    source_code,
    measure_code,
    'all' as theme_code,
    'deprivation' as dimension_code,
    'imd_decile' as group_code,
    'Tenths of areas by deprivation' as group_name,
    cast(max(all_count) as bigint) as all_count,
    cast(0 as bigint) as known_count,
    cast(null as bigint) as group_count,
    cast(null as bigint) as group_saying_count,
    cast(null as bigint) as rest_count,
    cast(null as bigint) as rest_saying_count,
    false as is_approximate
from bases
group by place_code, year_name, source_code, measure_code
