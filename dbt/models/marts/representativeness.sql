{%- set few = 20 -%}

{# An activity alone is known by its id: it has several rows of one dimension (inclusion). #}
with tallied as (
    select
        organisation_ods_code,
        event_date,
        source_code,
        dimension_code,
        people_group_code,
        is_known and not is_unmatched as is_grouped,
        is_approximate,
        feedback_id,
        record_count
    from {{ ref('agg_people_group') }}
),

placed as (
    {{ at_places('tallied') }}
),

financial_years as (
    {{ financial_years() }}
),

dated as (
    select
        placed.*,
        financial_years.year_name
    from placed
    inner join financial_years
        on placed.event_date between financial_years.period_start_date and financial_years.period_end_date
),

bases as (
    select
        place_code,
        year_name,
        source_code,
        dimension_code,
        sum(case when feedback_id is null then record_count else 0 end) + count(distinct feedback_id) as all_count,
        sum(case when is_grouped and feedback_id is null then record_count else 0 end)
        + count(distinct case when is_grouped then feedback_id end) as known_count
    from dated
    group by place_code, year_name, source_code, dimension_code
),

group_members as (
    select * from {{ ref('bridge_group_member') }}
),

heard as (
    select
        dated.place_code,
        dated.year_name,
        dated.source_code,
        dated.dimension_code,
        group_members.group_level_code,
        group_members.group_code,
        sum(case when dated.feedback_id is null then dated.record_count else 0 end) + count(distinct dated.feedback_id) as feedback_count,
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
        dated.dimension_code,
        group_members.group_level_code,
        group_members.group_code
),

populations as (
    select
        populations.place_code,
        populations.denominator_code,
        populations.dimension_code,
        group_members.group_level_code,
        group_members.group_code,
        sum(populations.people_count) as people_count,
        max(case when populations.is_approximate then 1 else 0 end) = 1 as is_approximate
    from {{ ref('population_group') }} as populations
    inner join group_members
        on
            populations.dimension_code = group_members.dimension_code
            and populations.people_group_code = group_members.people_group_code
    group by
        populations.place_code,
        populations.denominator_code,
        populations.dimension_code,
        group_members.group_level_code,
        group_members.group_code
),

population_totals as (
    select distinct
        place_code,
        denominator_code,
        dimension_code,
        total_count,
        as_of_date
    from {{ ref('population_group') }}
),

years as (
    select distinct
        place_code,
        year_name
    from dated
),

{# Every group of every source in every year in which the place heard anything: whom nobody heard is here too. #}
expected as (
    select distinct
        years.place_code,
        years.year_name,
        source_dimensions.source_code,
        source_denominators.denominator_code,
        source_dimensions.dimension_code,
        group_members.group_level_code,
        group_members.group_code,
        group_members.group_name
    from years
    cross join {{ ref('source_dimension') }} as source_dimensions
    inner join {{ ref('source_denominator') }} as source_denominators
        on source_dimensions.source_code = source_denominators.source_code
    inner join group_members on source_dimensions.dimension_code = group_members.dimension_code
),

counted as (
    select
        expected.*,
        cast(coalesce(bases.all_count, 0) as bigint) as all_count,
        cast(coalesce(bases.known_count, 0) as bigint) as known_count,
        cast(case when coalesce(bases.known_count, 0) > 0 then coalesce(heard.feedback_count, 0) end as bigint) as feedback_count,
        case when population_totals.total_count is not null then coalesce(populations.people_count, 0) end as people_count,
        population_totals.total_count,
        population_totals.as_of_date as population_date,
        coalesce(heard.is_approximate, false) or coalesce(populations.is_approximate, false) as is_approximate,
        expected.dimension_code in ('ethnic_2001', 'age', 'gender') as is_exclusive
    from expected
    left join bases
        on
            expected.place_code = bases.place_code
            and expected.year_name = bases.year_name
            and expected.source_code = bases.source_code
            and expected.dimension_code = bases.dimension_code
    left join heard
        on
            expected.place_code = heard.place_code
            and expected.year_name = heard.year_name
            and expected.source_code = heard.source_code
            and expected.dimension_code = heard.dimension_code
            and expected.group_level_code = heard.group_level_code
            and expected.group_code = heard.group_code
    left join population_totals
        on
            expected.place_code = population_totals.place_code
            and expected.denominator_code = population_totals.denominator_code
            and expected.dimension_code = population_totals.dimension_code
    left join populations
        on
            expected.place_code = populations.place_code
            and expected.denominator_code = populations.denominator_code
            and expected.dimension_code = populations.dimension_code
            and expected.group_level_code = populations.group_level_code
            and expected.group_code = populations.group_code
),

{# Groups of activities overlap and have no number of people: they are counted, and are no shares. #}
based as (
    select
        *,
        case when dimension_code <> 'inclusion' then known_count end as share_count
    from counted
),

shared as (
    select
        *,
        case
            when all_count = 0 then 'no_feedback'
            when known_count = 0 then 'nobody_known'
            when dimension_code = 'inclusion' then 'groups_overlap'
            when total_count is null then 'no_population'
            when known_count < {{ few }} then 'too_few'
        end as gap_code,
        feedback_count / cast(nullif(share_count, 0) as double precision) as feedback_share,
        people_count / cast(nullif(total_count, 0) as double precision) as population_share,
        {{ wilson('feedback_count', 'share_count', 'low') }} as feedback_share_low,
        {{ wilson('feedback_count', 'share_count', 'high') }} as feedback_share_high
    from based
),

indexed as (
    select
        *,
        feedback_share / nullif(population_share, 0) as representation_index
    from shared
)

select
    indexed.place_code,
    indexed.year_name,
    financial_years.period_start_date,
    financial_years.period_end_date,
    indexed.source_code,
    sources.source_name,
    indexed.denominator_code,
    indexed.dimension_code,
    indexed.group_level_code,
    indexed.group_code,
    indexed.group_name,
    indexed.all_count,
    indexed.known_count,
    indexed.known_count / cast(nullif(indexed.all_count, 0) as double precision) as coverage,
    indexed.feedback_count,
    indexed.feedback_share,
    indexed.feedback_share_low,
    indexed.feedback_share_high,
    cast(indexed.people_count as bigint) as people_count,
    indexed.total_count,
    indexed.population_share,
    indexed.population_date,
    indexed.representation_index,
    indexed.feedback_share_low / nullif(indexed.population_share, 0) as representation_index_low,
    indexed.feedback_share_high / nullif(indexed.population_share, 0) as representation_index_high,
    case
        when indexed.gap_code is not null or indexed.representation_index is null then null
        when {{ rounded('indexed.representation_index', 9) }} < 0.8 then 'under'
        when {{ rounded('indexed.representation_index', 9) }} > 1.25 then 'over'
        else 'in_line'
    end as representation_code,
    case
        when indexed.is_exclusive
            then
                0.5 * sum(abs(indexed.feedback_share - indexed.population_share)) over (
                    partition by
                        indexed.place_code,
                        indexed.year_name,
                        indexed.source_code,
                        indexed.denominator_code,
                        indexed.dimension_code,
                        indexed.group_level_code
                )
    end as dissimilarity,
    max(indexed.feedback_count) over (partition by indexed.place_code, indexed.year_name, indexed.group_code) > 0 as is_heard_anywhere,
    indexed.is_approximate,
    indexed.gap_code
from indexed
inner join financial_years on indexed.year_name = financial_years.year_name
inner join {{ ref('feedback_source') }} as sources on indexed.source_code = sources.source_code
