with stories as (
    select * from {{ ref('fct_experience_story') }}
),

story_organisations as (
    {{ json_text_rows('stories', ['feedback_id'], 'organisation_ods_codes') }}
),

reports as (
    select * from {{ ref('fct_healthwatch_report') }}
),

report_providers as (
    {{ json_text_rows('reports', ['feedback_id'], 'provider_names') }}
),

{# Names are matched only where they mean one organisation. #}
organisation_names as (
    select
        lower(trim(organisation_name)) as folded_name,
        min(ods_code) as ods_code
    from {{ ref('dim_organisation') }}
    group by lower(trim(organisation_name))
    having count(distinct ods_code) = 1
),

named as (
    select
        feedback_id,
        organisation_ods_code,
        'code' as match_code
    from {{ ref('fct_complaint') }}
    union all
    select
        feedback_id,
        item as organisation_ods_code,
        'code' as match_code
    from story_organisations
    where item is not null
    union all
    select
        'activity:' || organisation_ods_code || ':' || activity_id as feedback_id,
        organisation_ods_code,
        'code' as match_code
    from {{ ref('stg_engagement_activity') }}
    where not is_removed
    union all
    select
        report_providers.feedback_id,
        organisation_names.ods_code as organisation_ods_code,
        'name' as match_code
    from report_providers
    inner join organisation_names
        on lower(trim(report_providers.item)) = organisation_names.folded_name
)

select distinct
    feedback_id,
    organisation_ods_code,
    match_code
from named
