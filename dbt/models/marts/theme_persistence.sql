{%- set spans = {8: 21, 12: 33} %}

with landings as (
    select {{ utc_date('max(landed_at)') }} as last_landed_date
    from {{ source('ops', 'submission') }}
    where outcome_code = 'loaded'
),

{# No feed speaks of days after the last landing: an evening that is planned has told nobody anything yet. #}
evidence as (
    select
        mentions.theme_code,
        mentions.organisation_ods_code,
        mentions.event_date,
        mentions.source_family_code,
        mentions.feed_id,
        mentions.feedback_count,
        mentions.negative_count,
        cast({{ dbt.date_trunc('quarter', 'mentions.event_date') }} as date) as quarter_start_date
    from {{ ref('agg_theme_mention') }} as mentions
    cross join landings
    where
        mentions.service_scheme_code = 'all'
        and mentions.theme_code not in ('T00', 'T99')
        and (mentions.event_date is null or mentions.event_date <= landings.last_landed_date)
),

last_quarter as (
    select max(quarter_start_date) as quarter_start_date
    from evidence
),

spans as (
    select
        {%- for quarters, months in spans.items() %}
        cast({{ dbt.dateadd('month', -months, 'quarter_start_date') }} as date) as first_date_of_{{ quarters }},
        {%- endfor %}
        quarter_start_date as last_quarter_date
    from last_quarter
),

counted as (
    select
        evidence.theme_code,
        evidence.organisation_ods_code,
        spans.last_quarter_date,
        {%- for quarters in spans %}
        {%- set within = 'evidence.quarter_start_date >= spans.first_date_of_' ~ quarters %}
        count(distinct case when {{ within }} then evidence.quarter_start_date end) as quarters_present_of_{{ quarters }},
        count(distinct case when {{ within }} and evidence.negative_count > 0 then evidence.quarter_start_date end)
            as quarters_criticised_of_{{ quarters }},
        count(distinct case when {{ within }} then evidence.source_family_code end) as family_count_of_{{ quarters }},
        {%- endfor %}
        min(evidence.event_date) as first_seen_date,
        max(evidence.event_date) as last_seen_date,
        cast(sum(evidence.feedback_count) as bigint) as feedback_count,
        count(distinct evidence.source_family_code) as family_count,
        count(distinct evidence.feed_id) as feed_count
    from evidence
    cross join spans
    group by evidence.theme_code, evidence.organisation_ods_code, spans.last_quarter_date
),

actions as (
    {{ action_themes_today() }}
),

acted as (
    select
        theme_code,
        organisation_ods_code,
        count(*) as action_count,
        sum(case when done_date is not null then 1 else 0 end) as done_action_count,
        sum(case when done_date is null and coalesce(status_code, 'planned') <> 'stopped' then 1 else 0 end) as open_action_count,
        min(agreed_date) as first_agreed_date,
        max(done_date) as last_done_date
    from actions
    group by theme_code, organisation_ods_code
),

recurred as (
    select
        evidence.theme_code,
        evidence.organisation_ods_code,
        cast(sum(evidence.feedback_count) as bigint) as feedback_count,
        sum(evidence.negative_count) as negative_count
    from evidence
    inner join acted
        on
            evidence.theme_code = acted.theme_code
            and evidence.organisation_ods_code = acted.organisation_ods_code
            and evidence.event_date > acted.last_done_date
    group by evidence.theme_code, evidence.organisation_ods_code
),

names as (
    {{ names_today() }}
)

select
    counted.theme_code,
    themes.theme_name,
    counted.organisation_ods_code,
    names.organisation_name,
    names.icb_code,
    counted.last_quarter_date,
    counted.first_seen_date,
    counted.last_seen_date,
    counted.feedback_count,
    counted.family_count,
    counted.feed_count,
    {%- for quarters in spans %}
    counted.quarters_present_of_{{ quarters }},
    counted.quarters_criticised_of_{{ quarters }},
    counted.family_count_of_{{ quarters }},
    {%- endfor %}
    coalesce(acted.action_count, 0) as action_count,
    cast(coalesce(acted.open_action_count, 0) as bigint) as open_action_count,
    cast(coalesce(acted.done_action_count, 0) as bigint) as done_action_count,
    acted.first_agreed_date,
    acted.last_done_date,
    case when acted.last_done_date is not null then coalesce(recurred.feedback_count, 0) end as feedback_after_done_count,
    cast(case when acted.last_done_date is not null then coalesce(recurred.negative_count, 0) end as bigint) as negative_after_done_count,
    case when acted.last_done_date < counted.last_seen_date then coalesce(recurred.negative_count, 0) > 0 end as is_recurring
from counted
inner join {{ ref('dim_theme') }} as themes on counted.theme_code = themes.theme_code
left join acted
    on
        counted.theme_code = acted.theme_code
        and counted.organisation_ods_code = acted.organisation_ods_code
left join recurred
    on
        counted.theme_code = recurred.theme_code
        and counted.organisation_ods_code = recurred.organisation_ods_code
left join names on counted.organisation_ods_code = names.ods_code
