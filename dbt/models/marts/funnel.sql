{#
  Funnel limits with over-dispersion, as FunnelPlotR computes them (Spiegelhalter 2005): proportions by
  arcsine of the root, rates by the root of observed to expected; scores winsorised by a tenth at each
  end; phi; additive tau2 by DerSimonian and Laird.
#}
{%- set few = 10 -%}
{%- set zs = {'95': 1.959964, '998': 3.090232} -%}

with units as (
    select
        units.*,
        metrics.metric_name,
        metrics.kind_code,
        metrics.multiplier
    from {{ ref('funnel_unit') }} as units
    inner join {{ ref('funnel_metric') }} as metrics on units.metric_code = metrics.metric_code
),

centred as (
    select
        metric_code,
        comparison_code,
        period_start_date,
        count(*) as unit_count,
        sum(numerator_count) / sum(denominator_count) as centre_value
    from units
    where gap_code is null
    group by metric_code, comparison_code, period_start_date
),

transformed as (
    select
        units.*,
        centred.unit_count,
        centred.centre_value,
        case when units.gap_code is null then units.numerator_count / units.denominator_count end as value,
        case
            when units.gap_code is not null then null
            when units.kind_code = 'proportion' then asin(sqrt(least(1.0, units.numerator_count / units.denominator_count)))
            else sqrt(units.numerator_count / nullif(units.denominator_count * centred.centre_value, 0))
        end as transformed_value,
        case
            when units.kind_code = 'proportion' then asin(sqrt(least(1.0, centred.centre_value)))
            else 1.0
        end as transformed_centre,
        case
            when units.gap_code is not null then null
            when units.kind_code = 'proportion' then 1 / (4 * units.denominator_count)
            else 1 / nullif(4 * units.denominator_count * centred.centre_value, 0)
        end as variance
    from units
    left join centred
        on
            units.metric_code = centred.metric_code
            and units.comparison_code = centred.comparison_code
            and units.period_start_date = centred.period_start_date
),

scored as (
    select
        *,
        (transformed_value - transformed_centre) / sqrt(variance) as z_score
    from transformed
),

tails as (
    select
        metric_code,
        comparison_code,
        period_start_date,
        percentile_cont(0.1) within group (order by z_score) as low_score,
        percentile_cont(0.9) within group (order by z_score) as high_score
    from scored
    where z_score is not null
    group by metric_code, comparison_code, period_start_date
),

dispersed as (
    select
        scored.metric_code,
        scored.comparison_code,
        scored.period_start_date,
        count(*) as scored_count,
        avg(power(least(greatest(scored.z_score, tails.low_score), tails.high_score), 2)) as phi,
        sum(1 / scored.variance) as weight_sum,
        sum(power(1 / scored.variance, 2)) as squared_weight_sum
    from scored
    inner join tails
        on
            scored.metric_code = tails.metric_code
            and scored.comparison_code = tails.comparison_code
            and scored.period_start_date = tails.period_start_date
    where scored.z_score is not null
    group by scored.metric_code, scored.comparison_code, scored.period_start_date
),

spread as (
    select
        *,
        case
            when scored_count >= {{ few }}
                then greatest(0, (scored_count * phi - (scored_count - 1)) / (weight_sum - squared_weight_sum / weight_sum))
        end as tau2
    from dispersed
),

{# How far the limits reach on the transformed scale, and on the scale of the value without over-dispersion. #}
reaching as (
    select
        scored.*,
        spread.phi,
        spread.tau2,
        sqrt(scored.variance + spread.tau2) as adjusted_error,
        sqrt(
            case when scored.kind_code = 'proportion' then scored.centre_value * (1 - scored.centre_value) else scored.centre_value end
            / nullif(case when scored.gap_code is null then scored.denominator_count end, 0)
        ) as simple_error
    from scored
    left join spread
        on
            scored.metric_code = spread.metric_code
            and scored.comparison_code = spread.comparison_code
            and scored.period_start_date = spread.period_start_date
),

limited as (
    select
        *,
        {%- for name, z in zs.items() %}
        centre_value - {{ z }} * simple_error as simple_low_{{ name }},
        centre_value + {{ z }} * simple_error as simple_high_{{ name }},
        case
            when kind_code = 'proportion' then power(sin(greatest(0, transformed_centre - {{ z }} * adjusted_error)), 2)
            else centre_value * power(greatest(0, 1 - {{ z }} * adjusted_error), 2)
        end as low_{{ name }},
        case
            when kind_code = 'proportion' then power(sin(least(pi() / 2, transformed_centre + {{ z }} * adjusted_error)), 2)
            else centre_value * power(1 + {{ z }} * adjusted_error, 2)
        end as high_{{ name }},
        {%- endfor %}
        (transformed_value - transformed_centre) / adjusted_error as adjusted_z_score
    from reaching
)

select
    metric_code,
    metric_name,
    kind_code,
    comparison_code,
    period_start_date,
    organisation_ods_code,
    organisation_name,
    numerator_count,
    denominator_count,
    multiplier * value as value,
    multiplier * centre_value as centre_value,
    unit_count,
    {%- for limit in ['simple_low_95', 'low_95', 'simple_high_95', 'high_95', 'simple_low_998', 'low_998', 'simple_high_998', 'high_998'] %}
    multiplier * {{ limit }} as {{ limit }},
    {%- endfor %}
    phi,
    tau2,
    z_score,
    adjusted_z_score,
    case
        when adjusted_z_score > {{ zs['998'] }} then 'above_998'
        when adjusted_z_score > {{ zs['95'] }} then 'above_95'
        when adjusted_z_score < -{{ zs['998'] }} then 'below_998'
        when adjusted_z_score < -{{ zs['95'] }} then 'below_95'
        when adjusted_z_score is not null then 'within'
    end as funnel_code,
    coalesce(gap_code, case when unit_count < {{ few }} then 'too_few_units' end) as gap_code
from limited
