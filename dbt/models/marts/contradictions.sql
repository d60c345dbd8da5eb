{# What praises and criticises at once says neither, and is counted by itself. #}
with counted as (
    select
        theme_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'event_date') }} as date) as quarter_start_date,
        source_family_code,
        max(event_date) as last_event_date,
        sum(praising_count) as positive_count,
        sum(criticising_count) as negative_count,
        sum(mixed_count) as mixed_count
    from {{ ref('agg_theme_day') }}
    where
        theme_code not in ('T00', 'T99')
        and organisation_ods_code <> 'unmatched'
        and event_date is not null
    group by
        theme_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'event_date') }} as date),
        source_family_code
),

directed as (
    select
        theme_code,
        organisation_ods_code,
        quarter_start_date,
        source_family_code,
        last_event_date,
        cast(positive_count as bigint) as positive_count,
        cast(negative_count as bigint) as negative_count,
        cast(mixed_count as bigint) as mixed_count,
        case when positive_count > negative_count then 'positive' else 'negative' end as direction_code,
        positive_count / cast(positive_count + negative_count as double precision) as positive_share,
        {{ wilson('positive_count', '(positive_count + negative_count)', 'low') }} as positive_share_low,
        {{ wilson('positive_count', '(positive_count + negative_count)', 'high') }} as positive_share_high
    from counted
    where positive_count <> negative_count
),

pairs as (
    select
        praising.theme_code,
        praising.organisation_ods_code,
        praising.quarter_start_date,
        {%- for side in ['praising', 'criticising'] %}
        {{ side }}.source_family_code as {{ side }}_family_code,
        {{ side }}.positive_count as {{ side }}_positive_count,
        {{ side }}.negative_count as {{ side }}_negative_count,
        {{ side }}.mixed_count as {{ side }}_mixed_count,
        {{ side }}.positive_share as {{ side }}_positive_share,
        {{ side }}.positive_share_low as {{ side }}_positive_share_low,
        {{ side }}.positive_share_high as {{ side }}_positive_share_high,
        {%- endfor %}
        greatest(praising.last_event_date, criticising.last_event_date) as last_event_date
    from directed as praising
    inner join directed as criticising
        on
            praising.theme_code = criticising.theme_code
            and praising.organisation_ods_code = criticising.organisation_ods_code
            and praising.quarter_start_date = criticising.quarter_start_date
    where praising.direction_code = 'positive' and criticising.direction_code = 'negative'
)

select
    pairs.theme_code,
    themes.theme_name,
    pairs.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    pairs.quarter_start_date,
    {%- for side in ['praising', 'criticising'] %}
    pairs.{{ side }}_family_code,
    pairs.{{ side }}_positive_count,
    pairs.{{ side }}_negative_count,
    pairs.{{ side }}_mixed_count,
    pairs.{{ side }}_positive_share,
    pairs.{{ side }}_positive_share_low,
    pairs.{{ side }}_positive_share_high,
    {%- endfor %}
    pairs.praising_positive_share_low > 0.5 and pairs.criticising_positive_share_high < 0.5 as is_clear
from pairs
inner join {{ ref('dim_theme') }} as themes on pairs.theme_code = themes.theme_code
{{ organisation_at('pairs.organisation_ods_code', 'pairs.last_event_date') }}
