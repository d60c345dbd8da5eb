{# Two points are the same when they differ by less than 0.000000001: averages of fractions are not exact. #}
with steps as (
    select
        metric_code,
        organisation_ods_code,
        setting_code,
        month_start_date,
        numerator_count,
        denominator_count,
        value,
        row_number() over series as point_number,
        count(*) over whole_series as point_count,
        avg(value) over whole_series as mean_value,
        abs(value - lag(value) over series) as moving_range,
        sign({{ rounded('value - lag(value) over series', 9) }}) as step_sign
    from {{ ref('metric_month') }}
    window
        series as (partition by metric_code, organisation_ods_code, setting_code order by month_start_date),
        whole_series as (partition by metric_code, organisation_ods_code, setting_code)
),

averaged as (
    select
        *,
        sign({{ rounded('value - mean_value', 9) }}) as side_sign,
        avg(moving_range) over (partition by metric_code, organisation_ods_code, setting_code) as unscreened_range
    from steps
),

screened as (
    select
        *,
        coalesce(
            avg(case when moving_range < 3.267 * unscreened_range then moving_range end)
                over (partition by metric_code, organisation_ods_code, setting_code),
            unscreened_range
        ) as average_moving_range
    from averaged
),

limited as (
    select
        *,
        mean_value - 2.66 * average_moving_range as lower_limit,
        mean_value + 2.66 * average_moving_range as upper_limit,
        mean_value - 2.66 * 2 / 3 * average_moving_range as lower_near_limit,
        mean_value + 2.66 * 2 / 3 * average_moving_range as upper_near_limit
    from screened
),

placed as (
    select
        *,
        {{ rounded('value - upper_limit', 9) }} > 0 or {{ rounded('value - lower_limit', 9) }} < 0 as is_outside_limits,
        {{ rounded('value - upper_near_limit', 9) }} > 0 or {{ rounded('value - lower_near_limit', 9) }} < 0 as is_beyond_near_limits
    from limited
),

{# Each rule is found at the last point of its run ... #}
runs as (
    select
        *,
        is_beyond_near_limits and not is_outside_limits as is_close_to_limits,
        abs(sum(step_sign) over six_steps) = 6 as ends_trend,
        abs(sum(side_sign) over seven_points) = 7 as ends_one_side,
        abs(sum(side_sign) over three_points) = 3
        and sum(case when is_beyond_near_limits and not is_outside_limits then 1 else 0 end) over three_points >= 2
            as ends_two_of_three
    from placed
    window
        three_points as (
            partition by metric_code, organisation_ods_code, setting_code
            order by month_start_date rows between 2 preceding and current row
        ),
        six_steps as (
            partition by metric_code, organisation_ods_code, setting_code
            order by month_start_date rows between 5 preceding and current row
        ),
        seven_points as (
            partition by metric_code, organisation_ods_code, setting_code
            order by month_start_date rows between 6 preceding and current row
        )
),

{# ... and then marks all points of the run. #}
marked as (
    select
        *,
        coalesce(max(case when ends_trend then 1 else 0 end) over next_seven = 1, false) as is_in_trend,
        coalesce(max(case when ends_one_side then 1 else 0 end) over next_seven = 1, false) as is_on_one_side,
        coalesce(max(case when ends_two_of_three then 1 else 0 end) over next_three = 1 and is_close_to_limits, false) as is_two_of_three
    from runs
    window
        next_three as (
            partition by metric_code, organisation_ods_code, setting_code
            order by month_start_date rows between current row and 2 following
        ),
        next_seven as (
            partition by metric_code, organisation_ods_code, setting_code
            order by month_start_date rows between current row and 6 following
        )
),

{# A point between two trends belongs to the one that follows. #}
directed as (
    select
        *,
        case
            when lead(is_in_trend) over series then lead(step_sign) over series
            else step_sign
        end as trend_sign
    from marked
    window
        series as (partition by metric_code, organisation_ods_code, setting_code order by month_start_date)
),

caused as (
    select
        *,
        case
            when is_outside_limits then 'outside_limits'
            when is_in_trend then 'trend'
            when is_two_of_three then 'two_of_three'
            when is_on_one_side then 'one_side'
        end as special_cause_code,
        case
            when is_outside_limits then side_sign
            when is_in_trend then trend_sign
            when is_two_of_three or is_on_one_side then side_sign
        end as special_cause_sign
    from directed
)

select
    caused.metric_code,
    metrics.metric_name,
    metrics.unit_code,
    metrics.improvement_direction_code,
    metrics.owner_directorate_code,
    caused.organisation_ods_code,
    organisations.organisation_name,
    organisations.current_ods_code,
    caused.setting_code,
    caused.month_start_date,
    caused.point_number,
    caused.point_count,
    caused.numerator_count,
    caused.denominator_count,
    caused.value,
    caused.mean_value,
    caused.moving_range,
    caused.average_moving_range,
    caused.lower_limit,
    caused.upper_limit,
    caused.lower_near_limit,
    caused.upper_near_limit,
    coalesce(caused.is_outside_limits, false) as is_outside_limits,
    caused.is_in_trend,
    caused.is_two_of_three,
    caused.is_on_one_side,
    caused.special_cause_code,
    case
        when caused.point_count < 13 then null
        when caused.special_cause_code is null then 'common_cause'
        when metrics.improvement_direction_code = 'neutral' and caused.special_cause_sign > 0 then 'neutral_high'
        when metrics.improvement_direction_code = 'neutral' then 'neutral_low'
        when (metrics.improvement_direction_code = 'up') = (caused.special_cause_sign > 0) then 'improvement'
        else 'concern'
    end as variation_code,
    caused.point_number = caused.point_count as is_latest
from caused
inner join {{ ref('metric') }} as metrics on caused.metric_code = metrics.metric_code
{{ organisation_at('caused.organisation_ods_code', 'caused.month_start_date') }}
