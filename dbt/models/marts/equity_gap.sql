{%- set few = 10 -%}
{%- set z = 1.959964 -%}

with financial_years as (
    {{ financial_years() }}
),

{# Of fewer than 10 people no share is told, on either side. #}
judged as (
    select
        *,
        case
            when dimension_code = 'deprivation' then 'no_deprivation_feed'
            when known_count = 0 then 'nobody_known'
            when group_count < {{ few }} or rest_count < {{ few }} then 'too_few'
        end as gap_code,
        case when group_count >= {{ few }} and rest_count >= {{ few }} then group_count end as group_base,
        case when group_count >= {{ few }} and rest_count >= {{ few }} then rest_count end as rest_base
    from {{ ref('equity_count') }}
),

shared as (
    select
        *,
        group_saying_count / cast(group_base as double precision) as group_share,
        {{ wilson('group_saying_count', 'group_base', 'low') }} as group_share_low,
        {{ wilson('group_saying_count', 'group_base', 'high') }} as group_share_high,
        rest_saying_count / cast(rest_base as double precision) as rest_share,
        {{ wilson('rest_saying_count', 'rest_base', 'low') }} as rest_share_low,
        {{ wilson('rest_saying_count', 'rest_base', 'high') }} as rest_share_high
    from judged
),

{# Newcombe's interval of a difference, from Wilson's of both shares; Katz's of a ratio, which needs somebody on both sides. #}
differing as (
    select
        *,
        group_share - rest_share as difference,
        group_share - rest_share
        - sqrt(power(group_share - group_share_low, 2) + power(rest_share_high - rest_share, 2)) as difference_low,
        group_share - rest_share
        + sqrt(power(group_share_high - group_share, 2) + power(rest_share - rest_share_low, 2)) as difference_high,
        case when group_saying_count > 0 and rest_saying_count > 0 then group_share / rest_share end as ratio,
        case
            when group_saying_count > 0 and rest_saying_count > 0
                then
                    {{ z }} * sqrt(
                        1.0 / group_saying_count - 1.0 / group_base + 1.0 / rest_saying_count - 1.0 / rest_base
                    )
        end as log_ratio_reach
    from shared
),

told as (
    select
        *,
        ratio * exp(-log_ratio_reach) as ratio_low,
        ratio * exp(log_ratio_reach) as ratio_high,
        case
            when difference_low > 0 then 'more'
            when difference_high < 0 then 'less'
            when difference is not null then 'no_clear_difference'
        end as gap_direction_code,
        count(difference) over (partition by place_code, year_name, source_code, measure_code) as comparison_count
    from differing
)

select
    told.place_code,
    told.year_name,
    financial_years.period_start_date,
    financial_years.period_end_date,
    told.source_code,
    told.measure_code,
    told.theme_code,
    themes.theme_name,
    told.dimension_code,
    told.group_code,
    told.group_name,
    told.all_count,
    told.known_count,
    told.known_count / cast(nullif(told.all_count, 0) as double precision) as coverage,
    told.group_base as group_count,
    case when told.group_base is not null then told.group_saying_count end as group_saying_count,
    told.rest_base as rest_count,
    case when told.rest_base is not null then told.rest_saying_count end as rest_saying_count,
    told.group_share,
    told.group_share_low,
    told.group_share_high,
    told.rest_share,
    told.rest_share_low,
    told.rest_share_high,
    told.difference,
    told.difference_low,
    told.difference_high,
    told.ratio,
    told.ratio_low,
    told.ratio_high,
    told.gap_direction_code,
    told.comparison_count,
    told.is_approximate,
    told.gap_code
from told
inner join financial_years on told.year_name = financial_years.year_name
left join {{ ref('dim_theme') }} as themes on told.theme_code = themes.theme_code
