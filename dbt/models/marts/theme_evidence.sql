with counted as (
    select
        theme_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'event_date') }} as date) as quarter_start_date,
        source_family_code,
        owner_directorate_code,
        sum(feedback_count) as feedback_count,
        sum(complaint_count) as complaint_count,
        sum(weight_part_count) / cast({{ weight_parts() }} as double precision) as weighted_count,
        sum(praising_count + mixed_count) as positive_count,
        sum(criticising_count + mixed_count) as negative_count,
        min(event_date) as first_event_date,
        max(event_date) as last_event_date
    from {{ ref('agg_theme_day') }}
    group by
        theme_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'event_date') }} as date),
        source_family_code,
        owner_directorate_code
)

select
    counted.theme_code,
    themes.theme_name,
    counted.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    counted.quarter_start_date,
    counted.source_family_code,
    counted.owner_directorate_code,
    cast(counted.feedback_count as bigint) as feedback_count,
    cast(counted.complaint_count as bigint) as complaint_count,
    counted.weighted_count,
    cast(counted.positive_count as bigint) as positive_count,
    cast(counted.negative_count as bigint) as negative_count,
    counted.first_event_date,
    counted.last_event_date
from counted
inner join {{ ref('dim_theme') }} as themes on counted.theme_code = themes.theme_code
{{ organisation_at('counted.organisation_ods_code', 'counted.last_event_date') }}
