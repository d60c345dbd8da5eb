{#- What is undated has a day too: days are looked up, and no engine joins NULLs quickly. -#}
{%- set undated = "cast('0001-01-01' as date)" -%}

with tallied as (
    select
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code,
        event_date,
        source_family_code,
        owner_directorate_code,
        method_code,
        feedback_kind_code,
        feedback_count,
        positive_count,
        negative_count
    from {{ ref('agg_theme_mention') }}
),

counted as (
    select
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code,
        min(event_date) as first_event_date,
        max(event_date) as last_event_date,
        cast(sum(feedback_count) as bigint) as feedback_count,
        sum(case when feedback_kind_code = 'complaint' then feedback_count else 0 end) as complaint_count,
        sum(positive_count) as positive_count,
        sum(negative_count) as negative_count,
        count(distinct source_family_code) as family_count,
        count(distinct owner_directorate_code) as directorate_count,
        count(distinct method_code) as method_count
    from tallied
    group by theme_code, organisation_ods_code, service_scheme_code, service_code
),

named_families as (
    select distinct
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code,
        source_family_code
    from tallied
),

families as (
    select
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code,
        {{ dbt.listagg('source_family_code', "', '", 'order by source_family_code') }} as source_families
    from named_families
    group by theme_code, organisation_ods_code, service_scheme_code, service_code
),

named_directorates as (
    select distinct
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code,
        owner_directorate_code
    from tallied
),

directorates as (
    select
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code,
        {{ dbt.listagg('owner_directorate_code', "', '", 'order by owner_directorate_code') }} as owner_directorates
    from named_directorates
    group by theme_code, organisation_ods_code, service_scheme_code, service_code
),

days as (
    select
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code,
        source_family_code,
        coalesce(event_date, {{ undated }}) as event_day,
        sum(sum(feedback_count)) over (
            partition by theme_code, organisation_ods_code, service_scheme_code, service_code, source_family_code
            order by case when event_date is null then 1 else 0 end asc, event_date desc
        ) - sum(feedback_count) as newer_count
    from tallied
    group by theme_code, organisation_ods_code, service_scheme_code, service_code, source_family_code, event_date
),

{# Of days alone on which the first five can lie: looking at all that there is takes most of the time. #}
last_days as (
    select * from days
    where newer_count < 5
),

last_days_of_all as (
    select distinct
        theme_code,
        organisation_ods_code,
        source_family_code,
        event_day
    from last_days
),

as_is as (
    select distinct
        ods_code,
        current_ods_code
    from {{ ref('dim_organisation') }}
),

mentions as (
    select distinct
        mentions.feedback_id,
        mentions.theme_code,
        last_days_of_all.organisation_ods_code,
        mentions.source_family_code,
        mentions.event_date
    from {{ ref('fct_theme_mention') }} as mentions
    left join as_is on mentions.organisation_ods_code = as_is.ods_code
    inner join last_days_of_all
        on
            mentions.theme_code = last_days_of_all.theme_code
            and coalesce(as_is.current_ods_code, mentions.organisation_ods_code) = last_days_of_all.organisation_ods_code
            and mentions.source_family_code = last_days_of_all.source_family_code
            and coalesce(mentions.event_date, {{ undated }}) = last_days_of_all.event_day
),

services as (
    {{ services_today() }}
),

known as (
    select
        mentions.*,
        'all' as service_scheme_code,
        'all' as service_code
    from mentions
    union all
    select distinct
        mentions.*,
        services.service_scheme_code,
        services.service_code
    from mentions
    inner join services
        on
            mentions.feedback_id = services.feedback_id
            and mentions.organisation_ods_code = coalesce(services.organisation_ods_code, mentions.organisation_ods_code)
),

recent as (
    select
        known.theme_code,
        known.organisation_ods_code,
        known.service_scheme_code,
        known.service_code,
        known.source_family_code,
        known.event_date,
        known.feedback_id
    from known
    inner join last_days
        on
            known.theme_code = last_days.theme_code
            and known.organisation_ods_code = last_days.organisation_ods_code
            and known.service_scheme_code = last_days.service_scheme_code
            and known.service_code = last_days.service_code
            and known.source_family_code = last_days.source_family_code
            and coalesce(known.event_date, {{ undated }}) = last_days.event_day
),

{# The first to be read of each family, so that many complaints do not hide the one report. #}
ranked as (
    select
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code,
        feedback_id,
        source_family_code,
        row_number() over (
            partition by theme_code, organisation_ods_code, service_scheme_code, service_code, source_family_code
            order by case when event_date is null then 1 else 0 end asc, event_date desc, feedback_id asc
        ) as recency_number
    from recent
),

readings as (
    select
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code,
        {{ dbt.listagg('feedback_id', "', '", 'order by source_family_code, recency_number') }} as record_ids
    from ranked
    where recency_number <= 5
    group by theme_code, organisation_ods_code, service_scheme_code, service_code
),

actions as (
    {{ action_themes_today() }}
),

done as (
    select
        theme_code,
        organisation_ods_code,
        'all' as service_scheme_code,
        'all' as service_code,
        count(*) as action_count,
        sum(case when done_date is not null then 1 else 0 end) as done_action_count,
        sum(case when done_date is null and coalesce(status_code, 'planned') <> 'stopped' then 1 else 0 end) as open_action_count,
        sum(case when is_told_back then 1 else 0 end) as told_back_action_count,
        max(done_date) as last_done_date,
        max(case when is_told_back then told_back_date end) as last_told_back_date,
        {{ dbt.listagg('action_key', "', '", 'order by action_key') }} as action_keys
    from actions
    group by theme_code, organisation_ods_code
),

cells as (
    select
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code
    from counted
    union
    select
        theme_code,
        organisation_ods_code,
        service_scheme_code,
        service_code
    from done
),

names as (
    {{ names_today() }}
)

select
    cells.theme_code,
    themes.theme_name,
    cells.organisation_ods_code,
    names.organisation_name,
    names.icb_code,
    cells.service_scheme_code,
    cells.service_code,
    counted.first_event_date,
    counted.last_event_date,
    coalesce(counted.feedback_count, 0) as feedback_count,
    cast(coalesce(counted.complaint_count, 0) as bigint) as complaint_count,
    cast(coalesce(counted.positive_count, 0) as bigint) as positive_count,
    cast(coalesce(counted.negative_count, 0) as bigint) as negative_count,
    coalesce(counted.family_count, 0) as family_count,
    families.source_families,
    coalesce(counted.directorate_count, 0) as directorate_count,
    directorates.owner_directorates,
    case
        when coalesce(counted.family_count, 0) = 0 then 0
        when counted.family_count = 1 then 1
        when counted.method_count = 1 then 2
        else 3
    end as strength_code,
    cast(case when cells.service_scheme_code = 'all' then coalesce(done.action_count, 0) end as bigint) as action_count,
    cast(case when cells.service_scheme_code = 'all' then coalesce(done.open_action_count, 0) end as bigint) as open_action_count,
    cast(case when cells.service_scheme_code = 'all' then coalesce(done.done_action_count, 0) end as bigint) as done_action_count,
    cast(case when cells.service_scheme_code = 'all' then coalesce(done.told_back_action_count, 0) end as bigint) as told_back_action_count,
    done.last_done_date,
    done.last_told_back_date,
    done.action_keys,
    readings.record_ids
from cells
inner join {{ ref('dim_theme') }} as themes on cells.theme_code = themes.theme_code
{%- for part in ['counted', 'families', 'directorates', 'readings', 'done'] %}
left join {{ part }}
    on
        cells.theme_code = {{ part }}.theme_code
        and cells.organisation_ods_code = {{ part }}.organisation_ods_code
        and cells.service_scheme_code = {{ part }}.service_scheme_code
        and cells.service_code = {{ part }}.service_code
{%- endfor %}
left join names on cells.organisation_ods_code = names.ods_code
