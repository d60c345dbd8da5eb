{#
  Who sees which rows (decision 23). A model's `grants` say which roles may read it, by dbt's
  own means; `meta: {rows_shown: ...}` says which rows of it nursing sees:

    organisation  those whose organisation_ods_code is one that the reader was granted
    feedback      those whose feedback_id is of such an organisation
    opened        those whose feedback_id the reader has opened, and so been written down (every role)
    everyone      all

  A model that says neither is seen by nobody. The embedded warehouse has no roles.
#}
{% macro show_rows() -%}
    {{ return(adapter.dispatch('show_rows')()) }}
{%- endmacro %}

{% macro default__show_rows() -%}
{%- endmacro %}

{% macro postgres__show_rows() -%}
    {%- set readers = config.get('grants', {}).get('select', []) -%}
    {%- set shown = config.get('meta', {}).get('rows_shown') -%}
    {%- if readers %}
    {%- if shown not in ('organisation', 'feedback', 'opened', 'everyone') and 'samepicture_nursing' in readers -%}
        {{ exceptions.raise_compiler_error(model.name ~ ': meta.rows_shown must say which rows nursing sees') }}
    {%- endif %}
    grant usage on schema {{ this.schema }} to {{ readers | join(', ') }};
    alter table {{ this }} enable row level security;
    alter table {{ this }} force row level security;
    {{ row_policy('pipeline', 'all', target.user, 'true') }}
    {%- if shown == 'opened' %}
    {{ row_policy('opened', 'select', readers | join(', '), 'feedback_id = any ((select access.opened_feedback())::text[])') }}
    {%- else %}
    {%- for reader in readers %}
    {%- if reader != 'samepicture_nursing' or shown == 'everyone' %}
    {{ row_policy(reader, 'select', reader, 'true') }}
    {%- elif shown == 'organisation' %}
    {{ row_policy(reader, 'select', reader, 'organisation_ods_code = any ((select access.granted_organisations())::text[])') }}
    {%- else %}
    {{ row_policy(reader, 'select', reader, 'feedback_id in (select access.granted_feedback())') }}
    {%- endif %}
    {%- endfor %}
    {%- endif %}
    {%- endif %}
{%- endmacro %}

{% macro row_policy(name, command, role, rows) -%}
    drop policy if exists {{ name }} on {{ this }};
    create policy {{ name }} on {{ this }} for {{ command }} to {{ role }} using ({{ rows }});
{%- endmacro %}

{# Grants mean nothing to a file; dbt would warn of each. #}
{% macro duckdb__apply_grants(relation, grant_config, should_revoke=True) -%}
{%- endmacro %}
