with mentions as (
    {{ mentions_today() }}
),

dated as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'event_date') }} as date) as month_start_date
    from mentions
    where event_date is not null and organisation_ods_code <> 'unmatched'
),

complaints as (
    select *
    from dated
    where feedback_kind_code = 'complaint'
),

complaints_by_month as (
    select
        organisation_ods_code,
        month_start_date,
        count(distinct feedback_id) as complaint_count
    from complaints
    group by organisation_ods_code, month_start_date
),

complaints_by_theme as (
    select
        organisation_ods_code,
        month_start_date,
        theme_code,
        count(*) as complaint_count
    from complaints
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
        sum(case when is_negative then 1 else 0 end) as numerator_count,
        count(*) as denominator_count
    from dated
    where
        feedback_kind_code in ('story', 'review')
        and (is_positive or is_negative)
        and theme_code not in ('T00', 'T99')
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
