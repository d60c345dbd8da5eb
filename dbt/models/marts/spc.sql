{#
  Two points are the same when they differ by less than 0.000000001: averages of fractions are not exact.
  A phase is what lies between two declared changes (spc_phase): limits and runs are its own.
#}
{%- set phase = 'metric_code, organisation_ods_code, setting_code, phase_start_date' -%}

with phased as (
    select
        months.metric_code,
        months.organisation_ods_code,
        months.setting_code,
        months.month_start_date,
        months.numerator_count,
        months.denominator_count,
        months.value,
        max(phases.from_month_date) as phase_start_date
    from {{ ref('metric_month') }} as months
    left join {{ ref('spc_phase') }} as phases
        on
            months.metric_code = phases.metric_code
            and months.organisation_ods_code = phases.organisation_ods_code
            and months.setting_code = phases.setting_code
            and months.month_start_date >= phases.from_month_date
    group by
        months.metric_code,
        months.organisation_ods_code,
        months.setting_code,
        months.month_start_date,
        months.numerator_count,
        months.denominator_count,
        months.value
),

numbered as (
    select
        phased.*,
        phases.baseline_point_count,
        phases.reason as phase_reason,
        phases.declared_by as phase_declared_by,
        row_number() over (
            partition by phased.metric_code, phased.organisation_ods_code, phased.setting_code
            order by phased.month_start_date
        ) as point_number,
        count(*) over (partition by phased.metric_code, phased.organisation_ods_code, phased.setting_code) as point_count,
        row_number() over (
            partition by phased.metric_code, phased.organisation_ods_code, phased.setting_code, phased.phase_start_date
            order by phased.month_start_date
        ) as phase_point_number,
        count(*) over (
            partition by phased.metric_code, phased.organisation_ods_code, phased.setting_code, phased.phase_start_date
        ) as phase_point_count
    from phased
    left join {{ ref('spc_phase') }} as phases
        on
            phased.metric_code = phases.metric_code
            and phased.organisation_ods_code = phases.organisation_ods_code
            and phased.setting_code = phases.setting_code
            and phased.phase_start_date = phases.from_month_date
),

{# Points of the baseline make the limits: all of the phase, unless its first 12 to 20 are declared to. #}
based as (
    select
        *,
        phase_point_number <= coalesce(baseline_point_count, phase_point_number) as is_baseline
    from numbered
),

steps as (
    select
        *,
        avg(case when is_baseline then value end) over whole_phase as mean_value,
        abs(value - lag(value) over in_phase) as moving_range,
        sign({{ rounded('value - lag(value) over in_phase', 9) }}) as step_sign
    from based
    window
        in_phase as (partition by {{ phase }} order by month_start_date),
        whole_phase as (partition by {{ phase }})
),

averaged as (
    select
        *,
        sign({{ rounded('value - mean_value', 9) }}) as side_sign,
        avg(case when is_baseline then moving_range end) over (partition by {{ phase }}) as unscreened_range
    from steps
),

screened as (
    select
        *,
        coalesce(
            avg(case when is_baseline and moving_range < 3.267 * unscreened_range then moving_range end)
                over (partition by {{ phase }}),
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
            partition by {{ phase }}
            order by month_start_date rows between 2 preceding and current row
        ),
        six_steps as (
            partition by {{ phase }}
            order by month_start_date rows between 5 preceding and current row
        ),
        seven_points as (
            partition by {{ phase }}
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
            partition by {{ phase }}
            order by month_start_date rows between current row and 2 following
        ),
        next_seven as (
            partition by {{ phase }}
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
        series as (partition by {{ phase }} order by month_start_date)
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
    caused.phase_start_date,
    caused.phase_point_number,
    caused.phase_point_count,
    caused.phase_reason,
    caused.phase_declared_by,
    caused.is_baseline,
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
        when caused.phase_point_count < 13 then null
        when caused.special_cause_code is null then 'common_cause'
        when metrics.improvement_direction_code = 'neutral' and caused.special_cause_sign > 0 then 'neutral_high'
        when metrics.improvement_direction_code = 'neutral' then 'neutral_low'
        when (metrics.improvement_direction_code = 'up') = (caused.special_cause_sign > 0) then 'improvement'
        else 'concern'
    end as variation_code,
    coalesce(own_targets.target_value, targets.target_value) as target_value,
    case
        when caused.phase_point_count < 13 or metrics.improvement_direction_code = 'neutral' then null
        when {{ rounded('coalesce(own_targets.target_value, targets.target_value) - caused.upper_limit', 9) }} > 0
            then case when metrics.improvement_direction_code = 'up' then 'fail' else 'pass' end
        when {{ rounded('coalesce(own_targets.target_value, targets.target_value) - caused.lower_limit', 9) }} < 0
            then case when metrics.improvement_direction_code = 'up' then 'pass' else 'fail' end
        when coalesce(own_targets.target_value, targets.target_value) is not null then 'inconsistent'
    end as assurance_code,
    caused.point_number = caused.point_count as is_latest
from caused
inner join {{ ref('metric') }} as metrics on caused.metric_code = metrics.metric_code
left join {{ ref('metric_target') }} as targets
    on caused.metric_code = targets.metric_code and targets.organisation_ods_code = 'all'
left join {{ ref('metric_target') }} as own_targets
    on caused.metric_code = own_targets.metric_code and caused.organisation_ods_code = own_targets.organisation_ods_code
{{ organisation_at('caused.organisation_ods_code', 'caused.month_start_date') }}
