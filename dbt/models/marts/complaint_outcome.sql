with counted as (
    select
        organisation_ods_code,
        subject_code,
        cast({{ dbt.date_trunc('quarter', 'resolved_date') }} as date) as quarter_start_date,
        max(resolved_date) as last_resolved_date,
        cast(sum(resolved_count) as bigint) as resolved_count,
        cast(sum(upheld_count) as bigint) as upheld_count,
        cast(sum(partially_upheld_count) as bigint) as partially_upheld_count,
        cast(sum(not_upheld_count) as bigint) as not_upheld_count
    from {{ ref('agg_complaint_outcome') }}
    group by organisation_ods_code, subject_code, cast({{ dbt.date_trunc('quarter', 'resolved_date') }} as date)
)

select
    counted.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    counted.subject_code,
    counted.quarter_start_date,
    counted.resolved_count,
    counted.upheld_count,
    counted.partially_upheld_count,
    counted.not_upheld_count,
    (counted.upheld_count + counted.partially_upheld_count) / cast(counted.resolved_count as double precision) as upheld_share,
    {{ wilson('(counted.upheld_count + counted.partially_upheld_count)', 'counted.resolved_count', 'low') }} as upheld_share_low,
    {{ wilson('(counted.upheld_count + counted.partially_upheld_count)', 'counted.resolved_count', 'high') }} as upheld_share_high
from counted
{{ organisation_at('counted.organisation_ods_code', 'counted.last_resolved_date') }}
