with placed as (
    {{ at_places('bridge_feedback_people_group') }}
),

financial_years as (
    {{ financial_years() }}
),

{# What a record says: its themes, and of a return whether the experience was a bad one. #}
said as (
    select distinct
        feedback_id,
        'theme' as measure_code,
        theme_code
    from {{ ref('bridge_feedback_theme') }}
    union all
    select
        feedback_id,
        'negative' as measure_code,
        'all' as theme_code
    from {{ ref('fct_survey_return') }}
    where direction_code = 'negative'
),

{# Only records that could have said it are in the base: a return without a comment names no theme. #}
could_say as (
    select distinct
        feedback_id,
        'theme' as measure_code
    from {{ ref('bridge_feedback_theme') }}
    union all
    select
        feedback_id,
        'negative' as measure_code
    from {{ ref('fct_survey_return') }}
    where direction_code is not null
),

records as (
    select
        placed.place_code,
        financial_years.year_name,
        placed.source_code,
        could_say.measure_code,
        placed.dimension_code,
        placed.feedback_id,
        placed.people_group_code,
        placed.is_approximate,
        placed.is_known and not placed.is_unmatched as is_grouped
    from placed
    inner join financial_years
        on placed.event_date between financial_years.period_start_date and financial_years.period_end_date
    inner join could_say on placed.feedback_id = could_say.feedback_id
    where placed.dimension_code <> 'inclusion'
),

bases as (
    select
        place_code,
        year_name,
        source_code,
        measure_code,
        dimension_code,
        count(*) as all_count,
        sum(case when is_grouped then 1 else 0 end) as known_count
    from records
    group by place_code, year_name, source_code, measure_code, dimension_code
),

saying as (
    select
        records.place_code,
        records.year_name,
        records.source_code,
        records.measure_code,
        records.dimension_code,
        said.theme_code,
        sum(case when records.is_grouped then 1 else 0 end) as saying_count
    from records
    inner join said on records.feedback_id = said.feedback_id and records.measure_code = said.measure_code
    group by
        records.place_code,
        records.year_name,
        records.source_code,
        records.measure_code,
        records.dimension_code,
        said.theme_code
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
        records.*,
        group_members.group_code
    from records
    inner join group_members
        on
            records.dimension_code = group_members.dimension_code
            and records.people_group_code = group_members.people_group_code
    where records.is_grouped
),

group_bases as (
    select
        place_code,
        year_name,
        source_code,
        measure_code,
        dimension_code,
        group_code,
        count(*) as group_count,
        max(case when is_approximate then 1 else 0 end) = 1 as is_approximate
    from grouped
    group by place_code, year_name, source_code, measure_code, dimension_code, group_code
),

group_saying as (
    select
        grouped.place_code,
        grouped.year_name,
        grouped.source_code,
        grouped.measure_code,
        grouped.dimension_code,
        grouped.group_code,
        said.theme_code,
        count(*) as saying_count
    from grouped
    inner join said on grouped.feedback_id = said.feedback_id and grouped.measure_code = said.measure_code
    group by
        grouped.place_code,
        grouped.year_name,
        grouped.source_code,
        grouped.measure_code,
        grouped.dimension_code,
        grouped.group_code,
        said.theme_code
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
        coalesce(group_bases.group_count, 0) as group_count,
        coalesce(group_saying.saying_count, 0) as group_saying_count,
        bases.known_count - coalesce(group_bases.group_count, 0) as rest_count,
        saying.saying_count - coalesce(group_saying.saying_count, 0) as rest_saying_count,
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
    left join group_bases
        on
            bases.place_code = group_bases.place_code
            and bases.year_name = group_bases.year_name
            and bases.source_code = group_bases.source_code
            and bases.measure_code = group_bases.measure_code
            and bases.dimension_code = group_bases.dimension_code
            and group_names.group_code = group_bases.group_code
    left join group_saying
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
