with stories as (
    select * from {{ ref('fct_experience_story') }}
),

story_codes as (
    {{ json_text_rows('stories', ['feedback_id'], 'service_ods_codes') }}
),

story_names as (
    {{ json_text_rows('stories', ['feedback_id'], 'service_names') }}
),

trusts as (
    select distinct ods_code
    from {{ ref('dim_organisation') }}
    where role_code = 'nhs_trust'
),

{# RP5DR_110 is a service of the site RP5DR, which is one of the trust RP5. #}
coded as (
    select
        feedback_id,
        upper(trim(item)) as service_code,
        split_part(replace(upper(trim(item)), '-', '_'), '_', 1) as unit_code
    from story_codes
    where item is not null
),

placed_codes as (
    select
        coded.feedback_id,
        coded.service_code,
        feedback_organisations.organisation_ods_code
    from coded
    left join trusts
        on
            length(coded.unit_code) = 5
            and substring(coded.unit_code, 1, 3) = trusts.ods_code
    left join {{ ref('bridge_feedback_organisation') }} as feedback_organisations
        on
            coded.feedback_id = feedback_organisations.feedback_id
            and coalesce(trusts.ods_code, coded.unit_code) = feedback_organisations.organisation_ods_code
),

named as (
    select
        feedback_id,
        'service_name' as service_scheme_code,
        lower(trim(item)) as service_code
    from story_names
    where item is not null
    union all
    select
        feedback_id,
        'service_name' as service_scheme_code,
        lower(trim(service_name)) as service_code
    from {{ ref('fct_survey_return') }}
    where has_narrative and service_name is not null
    union all
    select
        feedback_id,
        'ko41a_service' as service_scheme_code,
        service_code
    from {{ ref('fct_complaint') }}
    where service_code is not null
),

single_organisations as (
    select
        feedback_id,
        min(organisation_ods_code) as organisation_ods_code
    from {{ ref('bridge_feedback_organisation') }}
    group by feedback_id
    having count(*) = 1
),

{# A name belongs to the organisation of its piece, where that is one alone. #}
services as (
    select
        feedback_id,
        coalesce(organisation_ods_code, 'unmatched') as organisation_ods_code,
        'service_code' as service_scheme_code,
        service_code
    from placed_codes
    union all
    select
        named.feedback_id,
        coalesce(single_organisations.organisation_ods_code, 'unmatched') as organisation_ods_code,
        named.service_scheme_code,
        named.service_code
    from named
    left join single_organisations on named.feedback_id = single_organisations.feedback_id
),

{# Services that stand by name beside several organisations may be of any of them: these are not counted a second time. #}
taken as (
    select distinct
        services.feedback_id,
        feedback_organisations.organisation_ods_code
    from services
    inner join {{ ref('bridge_feedback_organisation') }} as feedback_organisations
        on services.feedback_id = feedback_organisations.feedback_id
    where
        services.organisation_ods_code = feedback_organisations.organisation_ods_code
        or (services.organisation_ods_code = 'unmatched' and services.service_scheme_code <> 'service_code')
),

organisations_alone as (
    select
        feedback_organisations.feedback_id,
        feedback_organisations.organisation_ods_code,
        'organisation' as service_scheme_code,
        feedback_organisations.organisation_ods_code as service_code
    from {{ ref('bridge_feedback_organisation') }} as feedback_organisations
    left join taken
        on
            feedback_organisations.feedback_id = taken.feedback_id
            and feedback_organisations.organisation_ods_code = taken.organisation_ods_code
    where taken.feedback_id is null
)

select distinct
    feedback_id,
    organisation_ods_code,
    service_scheme_code,
    service_code
from services
union all
select
    feedback_id,
    organisation_ods_code,
    service_scheme_code,
    service_code
from organisations_alone
