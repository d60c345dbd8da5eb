{%- set areas = {'national': "'England'", 'icb': 'icb_code', 'sub_icb': 'sub_icb_code', 'pcn': 'pcn_code'} -%}

with practices as (
    select
        survey_year,
        icb_code,
        sub_icb_code,
        pcn_code,
        good_proportion,
        is_suppressed
    from {{ ref('gp_access') }}
    where level_code = 'practice'
),

placed as (
    {%- for level, code in areas.items() %}
    select
        survey_year,
        '{{ level }}' as area_level_code,
        {{ code }} as area_code,
        good_proportion,
        is_suppressed
    from practices
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

spreads as (
    select
        survey_year,
        area_level_code,
        area_code,
        count(good_proportion) as practice_count,
        sum(case when is_suppressed then 1 else 0 end) as suppressed_practice_count,
        min(good_proportion) as lowest_proportion,
        percentile_cont(0.1) within group (order by good_proportion) as p10_proportion,
        percentile_cont(0.5) within group (order by good_proportion) as median_proportion,
        percentile_cont(0.9) within group (order by good_proportion) as p90_proportion,
        max(good_proportion) as highest_proportion
    from placed
    where area_code is not null
    group by survey_year, area_level_code, area_code
)

select
    cast(survey_year as integer) as survey_year,
    cast(area_level_code as varchar) as area_level_code,
    cast(area_code as varchar) as area_code,
    cast(practice_count as bigint) as practice_count,
    cast(suppressed_practice_count as bigint) as suppressed_practice_count,
    cast(lowest_proportion as double precision) as lowest_proportion,
    cast(p10_proportion as double precision) as p10_proportion,
    cast(median_proportion as double precision) as median_proportion,
    cast(p90_proportion as double precision) as p90_proportion,
    cast(highest_proportion as double precision) as highest_proportion,
    cast(case when practice_count > 1 then highest_proportion - lowest_proportion end as double precision) as spread_max_min,
    cast(case when practice_count > 1 then p90_proportion - p10_proportion end as double precision) as spread_p90_p10
from spreads
