with days as (
    {{ dbt.date_spine('day', "cast('2010-01-01' as date)", "cast('2036-01-01' as date)") }}
),

covered_years as (
    select
        min(extract(year from holiday_date)) as first_year,
        max(extract(year from holiday_date)) as last_year
    from {{ ref('bank_holiday') }}
),

dated as (
    select
        cast(days.date_day as date) as date_day,
        cast(extract(year from days.date_day) as integer) as year_number,
        cast(extract(month from days.date_day) as integer) as month_number,
        cast({{ dbt.date_trunc('month', 'days.date_day') }} as date) as month_start_date,
        cast({{ dbt.date_trunc('quarter', 'days.date_day') }} as date) as quarter_start_date,
        {{ iso_weekday('days.date_day') }} in (6, 7) as is_weekend
    from days
),

years as (
    select
        date_day,
        year_number,
        month_number,
        month_start_date,
        quarter_start_date,
        is_weekend,
        case when month_number >= 4 then year_number else year_number - 1 end as financial_year_number
    from dated
),

working as (
    select
        years.date_day,
        years.year_number,
        years.month_number,
        years.month_start_date,
        years.quarter_start_date,
        years.financial_year_number,
        years.is_weekend,
        bank_holidays.holiday_name as bank_holiday_name,
        case
            when years.year_number between covered_years.first_year and covered_years.last_year
                then not years.is_weekend and bank_holidays.holiday_name is null
        end as is_working_day
    from years
    cross join covered_years
    left join {{ ref('bank_holiday') }} as bank_holidays
        on years.date_day = bank_holidays.holiday_date
),

named as (
    select
        *,
        cast(financial_year_number as varchar) || '-'
        || substring(cast(financial_year_number + 1 as varchar), 3, 2) as financial_year_name
    from working
)

select
    date_day,
    month_start_date,
    quarter_start_date,
    financial_year_name || ' Q' || cast(
        case
            when month_number >= 10 then 3
            when month_number >= 7 then 2
            when month_number >= 4 then 1
            else 4
        end as varchar
    ) as quarter_name,
    financial_year_name,
    is_weekend,
    bank_holiday_name,
    is_working_day,
    case
        when is_working_day is not null
            then cast(
                sum(case when is_working_day then 1 else 0 end) over (
                    order by date_day rows between unbounded preceding and current row
                ) as bigint
            )
    end as working_day_number
from named
