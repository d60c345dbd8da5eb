with quarters as (
    select
        measure_code,
        theme_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date) as quarter_start_date,
        cast(sum(numerator_count) as bigint) as numerator_count,
        cast(sum(denominator_count) as bigint) as denominator_count
    from {{ ref('theme_measure') }}
    group by
        measure_code,
        theme_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date)
)

select
    measure_code,
    theme_code,
    organisation_ods_code,
    quarter_start_date,
    numerator_count,
    denominator_count,
    numerator_count / cast(denominator_count as double precision) as share,
    {{ wilson('numerator_count', 'denominator_count', 'low') }} as share_low,
    {{ wilson('numerator_count', 'denominator_count', 'high') }} as share_high
from quarters
