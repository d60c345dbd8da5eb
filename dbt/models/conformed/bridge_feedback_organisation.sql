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

decisions as (
    select * from {{ ref('fct_ombudsman_decision') }}
),

decision_organisations as (
    {{ json_text_rows('decisions', ['feedback_id'], 'organisation_ods_codes') }}
),

decision_names as (
    {{ json_text_rows('decisions', ['feedback_id'], 'organisation_names') }}
),

names as (
    select
        feedback_id,
        item
    from report_providers
    union all
    select
        feedback_id,
        item
    from decision_names
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
        feedback_id,
        item as organisation_ods_code,
        'code' as match_code
    from decision_organisations
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
        feedback_id,
        organisation_ods_code,
        'code' as match_code
    from {{ ref('fct_survey_return') }}
    where has_narrative and organisation_ods_code is not null
    union all
    select
        feedback_id,
        site_ods_code as organisation_ods_code,
        'code' as match_code
    from {{ ref('fct_survey_return') }}
    where has_narrative and site_ods_code is not null
    union all
    select
        names.feedback_id,
        organisation_names.ods_code as organisation_ods_code,
        'name' as match_code
    from names
    inner join organisation_names
        on lower(trim(names.item)) = organisation_names.folded_name
),

trusts as (
    select distinct ods_code
    from {{ ref('dim_organisation') }}
    where role_code = 'nhs_trust'
),

{# A site's code is its trust's and two characters more: sites are in no dimension, so their trust stands for them. #}
rolled_up as (
    select
        named.feedback_id,
        coalesce(trusts.ods_code, named.organisation_ods_code) as organisation_ods_code,
        named.match_code,
        case when trusts.ods_code is not null then named.organisation_ods_code end as site_ods_code
    from named
    left join trusts
        on
            length(named.organisation_ods_code) = 5
            and substring(named.organisation_ods_code, 1, 3) = trusts.ods_code
)

select
    feedback_id,
    organisation_ods_code,
    min(match_code) as match_code,
    case when count(distinct site_ods_code) = 1 then min(site_ods_code) end as site_ods_code
from rolled_up
group by feedback_id, organisation_ods_code
