{{ config(alias='spc') }}

{#- The Friends and Family Test comes suppressed by its publisher already. #}
with charted as (
    select
        *,
        {{ any_small(['numerator_count', 'denominator_count']) }} and metric_code <> 'fft_positive' as is_suppressed
    from {{ ref('spc') }}
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
    case when not is_suppressed then value end as value,
    mean_value,
    lower_limit,
    upper_limit,
    special_cause_code,
    variation_code,
    is_latest,
    is_suppressed
from charted
