{{ config(alias='representativeness') }}

{#
  How many of whom a source heard, in the whole system: of those whose group is known so many are of
  each (broad) group and of its own groups. One count stands beside several populations, and is one cell.
  Counts of activities are no counts of people.
#}
with heard as (
    select distinct
        year_name || ':' || source_code || ':' || dimension_code as total_key,
        dimension_code,
        group_level_code,
        group_code,
        known_count,
        feedback_count
    from {{ ref('representativeness') }}
    where place_code = 'all' and dimension_code <> 'inclusion' and feedback_count is not null
),

broad_groups as (
    select
        dimension_code,
        people_group_code,
        group_code
    from {{ ref('bridge_group_member') }}
    where group_level_code = 'broad'
),

groups as (
    select
        heard.total_key || ':' || heard.group_code as cell_key,
        heard.total_key,
        coalesce(heard.total_key || ':' || broad_groups.group_code, heard.total_key) as parent_key,
        case when broad_groups.group_code is null then 1 else 2 end as level_number,
        heard.known_count,
        heard.feedback_count as cell_count
    from heard
    left join broad_groups
        on
            heard.group_level_code = 'own'
            and heard.dimension_code = broad_groups.dimension_code
            and heard.group_code = broad_groups.people_group_code
),

{# Who is in none of them: without a disability, say. #}
others as (
    select
        total_key || ':others' as cell_key,
        total_key as parent_key,
        known_count - sum(cell_count) as cell_count
    from groups
    where level_number = 1
    group by total_key, known_count
),

cells as (
    select distinct
        total_key as cell_key,
        cast(null as varchar) as parent_key,
        cast(null as varchar) as partition_code,
        0 as level_number,
        known_count as cell_count
    from groups
    union all
    select
        cell_key,
        parent_key,
        'group' as partition_code,
        level_number,
        cell_count
    from groups
    union all
    select
        cell_key,
        parent_key,
        'group' as partition_code,
        1 as level_number,
        cell_count
    from others
),

withheld as (
    {{ withheld_cells('cells', 2) }}
),

judged as (
    select
        shares.*,
        coalesce(withheld.is_withheld, false) as is_withheld,
        coalesce(known.is_withheld, false) as is_known_withheld
    from {{ ref('representativeness') }} as shares
    left join withheld
        on shares.year_name || ':' || shares.source_code || ':' || shares.dimension_code || ':' || shares.group_code = withheld.cell_key
    left join withheld as known
        on shares.year_name || ':' || shares.source_code || ':' || shares.dimension_code = known.cell_key
),

{#
  Places overlap, and add up to all in ways that nobody declares: of a place the verdict alone is shown,
  and not where it rests on few, or where the count of all is withheld.
#}
placed as (
    select
        *,
        place_code <> 'all' or is_withheld as is_suppressed,
        is_withheld or (dimension_code <> 'inclusion' and {{ any_small(['feedback_count']) }}) as is_verdict_withheld,
        max(case when is_withheld then 1 else 0 end) over (
            partition by place_code, year_name, source_code, denominator_code, dimension_code
        ) = 1 as has_withheld_group
    from judged
),

places as (
    select
        place_code,
        max(place_name) as place_name
    from {{ ref('place_member') }}
    group by place_code
)

select
    placed.place_code,
    places.place_name,
    placed.year_name,
    placed.period_start_date,
    placed.period_end_date,
    placed.source_code,
    placed.source_name,
    placed.denominator_code,
    placed.dimension_code,
    placed.group_level_code,
    placed.group_code,
    placed.group_name,
    case when placed.place_code = 'all' and not placed.is_known_withheld then placed.known_count end as known_count,
    case
        when placed.place_code = 'all'
            then cast(floor({{ rounded('placed.coverage * 10', 9) }}) / 10 as double precision)
    end as coverage_tenths,
    {%- set numbers = [
        'feedback_count', 'feedback_share', 'feedback_share_low', 'feedback_share_high',
        'representation_index', 'representation_index_low', 'representation_index_high'
    ] %}
    {%- for number in numbers %}
    case when not placed.is_suppressed then placed.{{ number }} end as {{ number }},
    {%- endfor %}
    placed.people_count,
    placed.total_count,
    placed.population_share,
    placed.population_date,
    case when not placed.is_verdict_withheld then placed.representation_code end as representation_code,
    case when placed.place_code = 'all' and not placed.has_withheld_group then placed.dissimilarity end as dissimilarity,
    placed.is_heard_anywhere,
    placed.is_approximate,
    placed.gap_code,
    placed.is_suppressed
from placed
left join places on placed.place_code = places.place_code
