with mentions as (
    {{ mentions_today() }}
),

{# Counted under the first of its themes alone, a piece counts once over all of them: theme_number 1. #}
described as (
    select
        mentions.*,
        feedback.method_code,
        feedback.feed_id,
        row_number() over (
            partition by mentions.feedback_id, mentions.organisation_ods_code
            order by mentions.theme_code
        ) as theme_number
    from mentions
    inner join {{ ref('fct_feedback') }} as feedback on mentions.feedback_id = feedback.feedback_id
),

named as (
    {{ services_today() }}
),

services as (
    select distinct
        feedback_id,
        service_scheme_code,
        service_code,
        organisation_ods_code
    from named
),

{# Each piece once for all services, and once for each that it names. #}
known as (
    select
        described.*,
        'all' as service_scheme_code,
        'all' as service_code
    from described
    union all
    select
        described.*,
        services.service_scheme_code,
        services.service_code
    from described
    inner join services
        on
            described.feedback_id = services.feedback_id
            and described.organisation_ods_code = coalesce(services.organisation_ods_code, described.organisation_ods_code)
)

select
    theme_code,
    organisation_ods_code,
    service_scheme_code,
    service_code,
    event_date,
    source_family_code,
    owner_directorate_code,
    feedback_kind_code,
    method_code,
    feed_id,
    count(*) as feedback_count,
    cast(sum(case when is_positive then 1 else 0 end) as bigint) as positive_count,
    cast(sum(case when is_negative then 1 else 0 end) as bigint) as negative_count,
    cast(sum(case when is_positive or is_negative then 1 else 0 end) as bigint) as directed_count,
    cast(sum(case when theme_number = 1 then 1 else 0 end) as bigint) as first_theme_count
from known
group by
    theme_code,
    organisation_ods_code,
    service_scheme_code,
    service_code,
    event_date,
    source_family_code,
    owner_directorate_code,
    feedback_kind_code,
    method_code,
    feed_id
