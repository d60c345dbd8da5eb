with mentions as (
    select
        theme_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('month', 'event_date') }} as date) as month_start_date,
        feedback_kind_code,
        feedback_count,
        negative_count,
        directed_count,
        first_theme_count
    from {{ ref('agg_theme_mention') }}
    where service_scheme_code = 'all' and event_date is not null and organisation_ods_code <> 'unmatched'
),

complaints_by_month as (
    select
        organisation_ods_code,
        month_start_date,
        cast(sum(first_theme_count) as bigint) as complaint_count
    from mentions
    where feedback_kind_code = 'complaint'
    group by organisation_ods_code, month_start_date
),

complaints_by_theme as (
    select
        organisation_ods_code,
        month_start_date,
        theme_code,
        sum(feedback_count) as complaint_count
    from mentions
    where feedback_kind_code = 'complaint'
    group by organisation_ods_code, month_start_date, theme_code
),

{# A month with complaints, none of them on the theme, is a true 0. #}
points as (
    select
        'complaint_share' as measure_code,
        themes.theme_code,
        months.organisation_ods_code,
        months.month_start_date,
        coalesce(complaints_by_theme.complaint_count, 0) as numerator_count,
        months.complaint_count as denominator_count
    from complaints_by_month as months
    cross join {{ ref('dim_theme') }} as themes
    left join complaints_by_theme
        on
            themes.theme_code = complaints_by_theme.theme_code
            and months.organisation_ods_code = complaints_by_theme.organisation_ods_code
            and months.month_start_date = complaints_by_theme.month_start_date
    where themes.theme_code not in ('T00', 'T99')
    union all
    select
        'story_critical_share' as measure_code,
        theme_code,
        organisation_ods_code,
        month_start_date,
        sum(negative_count) as numerator_count,
        cast(sum(directed_count) as bigint) as denominator_count
    from mentions
    where feedback_kind_code in ('story', 'review') and directed_count > 0 and theme_code not in ('T00', 'T99')
    group by theme_code, organisation_ods_code, month_start_date
)

select
    measure_code,
    theme_code,
    organisation_ods_code,
    month_start_date,
    cast(numerator_count as bigint) as numerator_count,
    denominator_count,
    numerator_count / cast(denominator_count as double precision) as share,
    {{ wilson('numerator_count', 'denominator_count', 'low') }} as share_low,
    {{ wilson('numerator_count', 'denominator_count', 'high') }} as share_high
from points
