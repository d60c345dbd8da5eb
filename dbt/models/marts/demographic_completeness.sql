{# Who is only reached by an activity was asked nothing: that has no completeness. #}
with records as (
    select
        source_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'event_date') }} as date) as period_start_date,
        event_date,
        dimension_code,
        people_group_code,
        is_known,
        is_unmatched,
        is_approximate,
        record_count
    from {{ ref('agg_people_group') }}
    where dimension_code <> 'inclusion' and organisation_ods_code is not null and event_date is not null
),

counted as (
    select
        records.source_code,
        records.organisation_ods_code,
        records.period_start_date,
        'quarter' as period_kind_code,
        records.dimension_code,
        max(records.event_date) as last_event_date,
        sum(records.record_count) as all_count,
        sum(case when records.is_known then records.record_count else 0 end) as known_count,
        sum(
            case when not records.is_known and records.people_group_code is not null then records.record_count else 0 end
        ) as not_stated_count,
        sum(case when records.is_unmatched then records.record_count else 0 end) as unmatched_count,
        sum(case when records.is_approximate then records.record_count else 0 end) as approximate_count
    from records
    group by records.source_code, records.organisation_ods_code, records.period_start_date, records.dimension_code
),

{# The published returns count ages of new complaints, and of how many the age is not known; they say nothing else of who complains. #}
returned as (
    select
        organisation_ods_code,
        period_start_date,
        max(period_end_date) as period_end_date,
        max(case when measure_code = 'age_total' then complaints_count end) as all_count,
        max(case when measure_code = 'age_unknown' then complaints_count end) as unknown_count
    from {{ ref('fct_complaint_return') }}
    where collection_code = 'KO41a' and level_code = 'organisation' and measure_group_code = 'age'
    group by organisation_ods_code, period_start_date
),

together as (
    select
        source_code,
        organisation_ods_code,
        period_start_date,
        period_kind_code,
        dimension_code,
        last_event_date,
        all_count,
        known_count,
        not_stated_count,
        unmatched_count,
        approximate_count
    from counted
    union all
    select
        'complaint_return' as source_code,
        organisation_ods_code,
        period_start_date,
        'year' as period_kind_code,
        'age' as dimension_code,
        period_end_date as last_event_date,
        all_count,
        all_count - unknown_count as known_count,
        unknown_count as not_stated_count,
        0 as unmatched_count,
        0 as approximate_count
    from returned
    where all_count > 0 and unknown_count is not null
)

select
    together.source_code,
    together.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    together.period_kind_code,
    together.period_start_date,
    together.dimension_code,
    cast(together.all_count as bigint) as all_count,
    cast(together.known_count as bigint) as known_count,
    cast(together.not_stated_count as bigint) as not_stated_count,
    cast(together.all_count - together.known_count - together.not_stated_count as bigint) as not_recorded_count,
    cast(together.unmatched_count as bigint) as unmatched_count,
    cast(together.approximate_count as bigint) as approximate_count,
    together.known_count / cast(together.all_count as double precision) as known_share,
    {{ wilson('together.known_count', 'together.all_count', 'low') }} as known_share_low,
    {{ wilson('together.known_count', 'together.all_count', 'high') }} as known_share_high,
    (together.all_count - together.known_count) / cast(together.all_count as double precision) as unknown_share
from together
{{ organisation_at('together.organisation_ods_code', 'together.last_event_date') }}
