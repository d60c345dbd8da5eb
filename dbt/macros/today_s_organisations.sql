{#
  Themes under the organisation of today, so that what was known of a trust is still known after a merger.
  An organisation that split has no one successor, and stays what it was. Each macro is a whole select.
#}

{# fct_theme_mention, one row a piece, theme and organisation of today: a piece that names a trust and its predecessor counts once. #}
{% macro mentions_today() -%}
    select
        mentions.feedback_id,
        mentions.theme_code,
        coalesce(as_is.current_ods_code, mentions.organisation_ods_code) as organisation_ods_code,
        min(mentions.event_date) as event_date,
        min(mentions.source_family_code) as source_family_code,
        min(mentions.owner_directorate_code) as owner_directorate_code,
        min(mentions.feedback_kind_code) as feedback_kind_code,
        max(case when mentions.is_positive then 1 else 0 end) = 1 as is_positive,
        max(case when mentions.is_negative then 1 else 0 end) = 1 as is_negative
    from {{ ref('fct_theme_mention') }} as mentions
    left join (select distinct ods_code, current_ods_code from {{ ref('dim_organisation') }}) as as_is
        on mentions.organisation_ods_code = as_is.ods_code
    group by
        mentions.feedback_id,
        mentions.theme_code,
        coalesce(as_is.current_ods_code, mentions.organisation_ods_code)
{%- endmacro %}

{#
  The services that pieces name, each under the organisation of today; a piece that names one beside a trust and its predecessor
  has it twice. What sources call a service is matched to settings alone: a setting belongs to the piece, whoever it speaks of (NULL).
#}
{% macro services_today() -%}
    select
        feedback_services.feedback_id,
        feedback_services.service_scheme_code,
        feedback_services.service_code,
        coalesce(as_is.current_ods_code, feedback_services.organisation_ods_code) as organisation_ods_code
    from {{ ref('bridge_feedback_service') }} as feedback_services
    left join (select distinct ods_code, current_ods_code from {{ ref('dim_organisation') }}) as as_is
        on feedback_services.organisation_ods_code = as_is.ods_code
    where feedback_services.service_scheme_code <> 'organisation'
    union all
    select
        feedback_id,
        'setting' as service_scheme_code,
        setting_group_code as service_code,
        cast(null as varchar) as organisation_ods_code
    from {{ ref('bridge_feedback_setting') }}
{%- endmacro %}

{# Improvement actions, one row a theme that each answers. #}
{% macro action_themes_today() -%}
    select
        actions.action_key,
        action_themes.theme_code,
        coalesce(as_is.current_ods_code, actions.organisation_ods_code) as organisation_ods_code,
        actions.agreed_date,
        actions.done_date,
        actions.status_code,
        actions.told_back_date,
        actions.told_back_date is not null and actions.told_back_channel_code is not null as is_told_back
    from {{ ref('fct_improvement_action') }} as actions
    inner join {{ ref('bridge_action_theme') }} as action_themes
        on actions.action_key = action_themes.action_key
    left join (select distinct ods_code, current_ods_code from {{ ref('dim_organisation') }}) as as_is
        on actions.organisation_ods_code = as_is.ods_code
{%- endmacro %}

{# Their names and parents of today: one row an organisation. #}
{% macro names_today() -%}
    select distinct
        ods_code,
        current_organisation_name as organisation_name,
        current_icb_code as icb_code
    from {{ ref('dim_organisation') }}
{%- endmacro %}
