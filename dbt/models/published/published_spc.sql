{{ config(alias='spc') }}

{#- The Friends and Family Test comes suppressed by its publisher already. #}
with small_points as (
    select
        *,
        metric_code <> 'fft_positive'
        and {{ any_small(['numerator_count', 'denominator_count', 'denominator_count - numerator_count']) }} as is_small
    from {{ ref('spc') }}
),

{# A quarter's total is published too: of three months one could be worked out from the others. #}
charted as (
    select
        *,
        max(case when is_small then 1 else 0 end)
            over (partition by metric_code, organisation_ods_code, setting_code, {{ dbt.date_trunc('quarter', 'month_start_date') }})
        = 1 as is_suppressed
    from small_points
),

{# From a mean or a limit and the other points, the withheld one could be worked out. #}
series as (
    select
        *,
        max(case when is_suppressed then 1 else 0 end)
            over (partition by metric_code, organisation_ods_code, setting_code)
        = 1 as has_suppressed_point
    from charted
)

select
    metric_code,
    metric_name,
    unit_code,
    improvement_direction_code,
    owner_directorate_code,
    organisation_ods_code,
    organisation_name,
    current_ods_code,
    setting_code,
    month_start_date,
    point_number,
    point_count,
    phase_start_date,
    phase_reason,
    case when not is_suppressed then value end as value,
    case when not has_suppressed_point then mean_value end as mean_value,
    case when not has_suppressed_point then lower_limit end as lower_limit,
    case when not has_suppressed_point then upper_limit end as upper_limit,
    special_cause_code,
    variation_code,
    target_value,
    assurance_code,
    is_latest,
    is_suppressed
from series
