{%- set areas = {'national': "'England'", 'icb': 'icb_code', 'sub_icb': 'sub_icb_code', 'pcn': 'pcn_code'} -%}
{%- set good_people = '(good_proportion * base_count)' -%}

with practices as (
    select
        survey_year,
        organisation_ods_code,
        icb_code,
        sub_icb_code,
        pcn_code,
        good_proportion,
        base_unweighted_count,
        coalesce(base_weighted_count, base_unweighted_count) as weight,
        is_suppressed
    from {{ ref('gp_access') }}
    where level_code = 'practice'
),

{# Within an area: its practices, networks, sub-ICB locations. A unit's figure is that of its practices, by their weighted answers. #}
units as (
    {%- for unit, unit_code in {'practice': 'organisation_ods_code', 'pcn': 'pcn_code', 'sub_icb': 'sub_icb_code'}.items() %}
    {%- for area, area_code in areas.items() if (unit, area) not in [('pcn', 'pcn'), ('sub_icb', 'pcn'), ('sub_icb', 'sub_icb')] %}
    select
        survey_year,
        '{{ area }}' as area_level_code,
        {{ area_code }} as area_code,
        '{{ unit }}' as unit_level_code,
        {{ unit_code }} as unit_code,
        sum(good_proportion * weight) / nullif(sum(case when good_proportion is not null then weight end), 0) as weighted_proportion,
        max(good_proportion) as any_proportion,
        sum(case when good_proportion is not null then base_unweighted_count end) as base_count,
        count(good_proportion) as practice_count,
        sum(case when is_suppressed then 1 else 0 end) as suppressed_practice_count
    from practices
    where {{ unit_code }} is not null
    group by survey_year, {{ unit_code }}{% if area != 'national' %}, {{ area_code }}{% endif %}
    {%- if not (unit == 'sub_icb' and area == 'icb') %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

{# A single practice keeps its own figure, also where the file gives no base. #}
figures as (
    select
        *,
        case when unit_level_code = 'practice' then any_proportion else weighted_proportion end as good_proportion
    from units
    where area_code is not null
),

bounded as (
    select
        *,
        {{ wilson(good_people, 'base_count', 'low') }} as proportion_low,
        {{ wilson(good_people, 'base_count', 'high') }} as proportion_high,
        row_number() over (
            partition by survey_year, area_level_code, area_code, unit_level_code
            order by case when good_proportion is null then 1 else 0 end, good_proportion, unit_code
        ) as rank_up,
        row_number() over (
            partition by survey_year, area_level_code, area_code, unit_level_code
            order by case when good_proportion is null then 1 else 0 end asc, good_proportion desc, unit_code asc
        ) as rank_down
    from figures
),

spreads as (
    select
        survey_year,
        area_level_code,
        area_code,
        unit_level_code,
        count(good_proportion) as unit_count,
        sum(practice_count) as practice_count,
        sum(suppressed_practice_count) as suppressed_practice_count,
        sum(base_count) as base_count,
        min(good_proportion) as lowest_proportion,
        max(case when rank_up = 1 then proportion_high end) as lowest_proportion_high,
        percentile_cont(0.1) within group (order by good_proportion) as p10_proportion,
        percentile_cont(0.5) within group (order by good_proportion) as median_proportion,
        percentile_cont(0.9) within group (order by good_proportion) as p90_proportion,
        max(good_proportion) as highest_proportion,
        max(case when rank_down = 1 then proportion_low end) as highest_proportion_low
    from bounded
    group by survey_year, area_level_code, area_code, unit_level_code
)

select
    cast(survey_year as integer) as survey_year,
    cast(area_level_code as varchar) as area_level_code,
    cast(area_code as varchar) as area_code,
    cast(unit_level_code as varchar) as unit_level_code,
    cast(unit_count as bigint) as unit_count,
    cast(practice_count as bigint) as practice_count,
    cast(suppressed_practice_count as bigint) as suppressed_practice_count,
    cast(base_count as bigint) as base_unweighted_count,
    cast(lowest_proportion as double precision) as lowest_proportion,
    cast(lowest_proportion_high as double precision) as lowest_proportion_high,
    cast(p10_proportion as double precision) as p10_proportion,
    cast(median_proportion as double precision) as median_proportion,
    cast(p90_proportion as double precision) as p90_proportion,
    cast(highest_proportion_low as double precision) as highest_proportion_low,
    cast(highest_proportion as double precision) as highest_proportion,
    cast(case when unit_count > 1 then highest_proportion - lowest_proportion end as double precision) as spread_max_min,
    cast(case when unit_count > 1 then p90_proportion - p10_proportion end as double precision) as spread_p90_p10,
    cast(case when unit_count > 1 then highest_proportion_low > lowest_proportion_high end as boolean) as is_beyond_chance
from spreads
