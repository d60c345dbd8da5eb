{%- set people = 'placed.base_unweighted_count' -%}
{%- set good_people = '(placed.good_proportion * placed.base_unweighted_count)' -%}

with measures as (
    select
        level_code,
        organisation_ods_code,
        period_end_date,
        -- patients are asked from January to March: what changed in April was not yet so
        least(
            period_end_date,
            cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 3, 'period_start_date')) }} as date)
        ) as asked_until_date,
        max(icb_code) as published_icb_code,
        max(organisation_name) as organisation_name,
        max(case when measure_code = 'percent_good' then value end) as published_proportion,
        max(case when measure_code = 'eval_good_count' then value end) as good_count,
        max(case when measure_code = 'base_eval_weighted' then value end) as base_weighted_count,
        max(case when measure_code = 'base_eval_unweighted' then value end) as base_unweighted_count,
        max(case when measure_code = 'percent_good' and is_suppressed then 1 else 0 end) = 1 as is_proportion_withheld,
        max(case when is_suppressed then 1 else 0 end) = 1 as is_any_withheld
    from {{ ref('fct_survey_result') }}
    where
        series_code = 'gpps_2024'
        and question_code = 'gpcontactoverall'
        and measure_code in ('percent_good', 'eval_good_count', 'base_eval_weighted', 'base_eval_unweighted')
    group by level_code, organisation_ods_code, period_start_date, period_end_date
),

recomputed as (
    -- from the counts where the file gives them; a figure that the source withheld is never worked out again
    select
        *,
        not is_proportion_withheld and good_count is not null and base_weighted_count > 0 as is_recomputed,
        case
            when is_proportion_withheld then null
            when good_count is not null and base_weighted_count > 0 then good_count / base_weighted_count
            else published_proportion
        end as good_proportion
    from measures
),

as_is as (
    -- the same in every span of an organisation, so it also serves one that closed before the survey ended
    select distinct
        ods_code,
        current_ods_code,
        current_icb_code,
        has_several_successors
    from {{ ref('dim_organisation') }}
),

placed as (
    select
        recomputed.*,
        organisations.pcn_code,
        organisations.sub_icb_code,
        as_is.current_ods_code as as_is_ods_code,
        as_is.current_icb_code as as_is_icb_code,
        as_is.has_several_successors,
        as_is.ods_code is not null as is_listed,
        case
            when recomputed.level_code = 'icb' then recomputed.organisation_ods_code
            else coalesce(recomputed.published_icb_code, organisations.icb_code)
        end as icb_code
    from recomputed
    {{ organisation_at('recomputed.organisation_ods_code', 'recomputed.asked_until_date') }}
    left join as_is on recomputed.organisation_ods_code = as_is.ods_code
),

icb_spreads as (
    select
        icb_code,
        period_end_date,
        count(*) as practice_count,
        case when count(*) > 1 then max(good_proportion) - min(good_proportion) end as spread_max_min,
        case
            when count(*) > 1
                then
                    percentile_cont(0.9) within group (order by good_proportion)
                    - percentile_cont(0.1) within group (order by good_proportion)
        end as spread_p90_p10
    from placed
    where level_code = 'practice' and good_proportion is not null and icb_code is not null
    group by icb_code, period_end_date
)

select
    cast(extract(year from placed.period_end_date) as integer) as survey_year,
    cast(placed.level_code as varchar) as level_code,
    cast(placed.organisation_ods_code as varchar) as organisation_ods_code,
    cast(placed.organisation_name as varchar) as organisation_name,
    cast(case when placed.level_code = 'pcn' then placed.organisation_ods_code else placed.pcn_code end as varchar) as pcn_code,
    cast(case when placed.level_code = 'sub_icb' then placed.organisation_ods_code else placed.sub_icb_code end as varchar) as sub_icb_code,
    cast(placed.icb_code as varchar) as icb_code,
    cast(case when placed.is_listed then placed.as_is_ods_code else placed.organisation_ods_code end as varchar) as current_ods_code,
    cast(case when placed.is_listed then placed.as_is_icb_code else placed.icb_code end as varchar) as current_icb_code,
    cast(coalesce(placed.has_several_successors, false) as boolean) as has_several_successors,
    cast(placed.good_proportion as double precision) as good_proportion,
    cast({{ wilson(good_people, people, 'low') }} as double precision) as good_proportion_low,
    cast({{ wilson(good_people, people, 'high') }} as double precision) as good_proportion_high,
    cast(placed.base_unweighted_count as bigint) as base_unweighted_count,
    cast(placed.base_weighted_count as double precision) as base_weighted_count,
    cast(placed.is_recomputed as boolean) as is_recomputed,
    cast(placed.good_proportion is null and placed.is_any_withheld as boolean) as is_suppressed,
    cast(icb_spreads.practice_count as bigint) as icb_practice_count,
    cast(icb_spreads.spread_max_min as double precision) as icb_spread_max_min,
    cast(icb_spreads.spread_p90_p10 as double precision) as icb_spread_p90_p10
from placed
left join icb_spreads
    on placed.icb_code = icb_spreads.icb_code and placed.period_end_date = icb_spreads.period_end_date
