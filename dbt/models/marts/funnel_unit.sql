with practices_contacted as (
    select
        survey_year,
        organisation_ods_code,
        organisation_name,
        good_proportion,
        base_unweighted_count,
        is_suppressed
    from {{ ref('gp_access') }}
    where level_code = 'practice'
),

returns as (
    select
        collection_code,
        organisation_ods_code,
        period_start_date,
        period_end_date,
        max(organisation_name) as organisation_name,
        coalesce(max(organisation_type_name), 'not given') as organisation_type_name,
        sum(case when measure_code = 'complaints_total_new' then complaints_count end) as new_count,
        sum(case when measure_code = 'complaints_total_resolved' then complaints_count end) as resolved_count,
        sum(case when measure_code = 'complaints_number_upheld' then complaints_count end)
        + sum(case when measure_code = 'complaints_number_partially_upheld' then complaints_count end) as upheld_count
    from {{ ref('fct_complaint_return') }}
    where
        measure_group_code = 'complaints'
        and (
            (collection_code = 'KO41a' and level_code = 'organisation')
            or (collection_code = 'KO41b' and level_code = 'practice' and return_code = 'gp')
        )
    group by collection_code, organisation_ods_code, period_start_date, period_end_date
),

{# Denominators of the same period: the last count of registered people within the reporting year. #}
registered as (
    select
        returns.organisation_ods_code,
        returns.period_start_date,
        populations.people_count,
        row_number() over (
            partition by returns.organisation_ods_code, returns.period_start_date
            order by populations.as_of_date desc
        ) as count_number
    from returns
    inner join {{ ref('fct_population') }} as populations
        on
            returns.organisation_ods_code = populations.area_code
            and populations.as_of_date between returns.period_start_date and returns.period_end_date
    where
        populations.denominator_code = 'registered'
        and populations.group_scheme_code = 'all'
        and populations.sex_code = 'all'
        and populations.age_code = 'all'
),

units as (
    select
        'gp_contact_good' as metric_code,
        'practice' as comparison_code,
        cast(cast(survey_year as varchar) || '-01-01' as date) as period_start_date,
        organisation_ods_code,
        organisation_name,
        good_proportion * base_unweighted_count as numerator_count,
        base_unweighted_count as denominator_count,
        is_suppressed as is_withheld
    from practices_contacted
    union all
    select
        'gp_complaint_rate' as metric_code,
        'practice' as comparison_code,
        returns.period_start_date,
        returns.organisation_ods_code,
        returns.organisation_name,
        returns.new_count as numerator_count,
        registered.people_count as denominator_count,
        returns.new_count is null as is_withheld
    from returns
    left join registered
        on
            returns.organisation_ods_code = registered.organisation_ods_code
            and returns.period_start_date = registered.period_start_date
            and registered.count_number = 1
    where returns.collection_code = 'KO41b'
    union all
    select
        'complaints_upheld' as metric_code,
        organisation_type_name as comparison_code,
        period_start_date,
        organisation_ods_code,
        organisation_name,
        upheld_count as numerator_count,
        resolved_count as denominator_count,
        upheld_count is null or resolved_count is null as is_withheld
    from returns
    where collection_code = 'KO41a'
)

select
    metric_code,
    comparison_code,
    cast(period_start_date as date) as period_start_date,
    organisation_ods_code,
    organisation_name,
    cast(numerator_count as double precision) as numerator_count,
    cast(denominator_count as double precision) as denominator_count,
    case
        when is_withheld or numerator_count is null then 'withheld'
        when denominator_count is null or denominator_count = 0 then 'no_denominator'
    end as gap_code
from units
