{#
  Who sees which rows (docs/decisions/0023). A model's `grants` say which roles may read it, by
  dbt's own means; `meta: {rows_shown: ...}` says which of its rows nursing sees:

    organisation  those whose organisation_ods_code is one that the reader was granted
    feedback      those whose feedback_id is of such an organisation
    opened        those whose feedback_id the reader has opened, and so was written down; for every role
    everyone      all

  A model without grants is seen by nobody. The embedded warehouse has no roles.
#}
{% macro show_rows() -%}
    {{ return(adapter.dispatch('show_rows')()) }}
{%- endmacro %}

{% macro default__show_rows() -%}
{%- endmacro %}

{% macro postgres__show_rows() -%}
    {%- set readers = model.config.grants.get('select', []) -%}
    {%- set shown = model.config.meta.get('rows_shown') -%}
    {%- if 'samepicture_nursing' in readers and shown not in ('organisation', 'feedback', 'opened', 'everyone') -%}
        {{ exceptions.raise_compiler_error(model.name ~ ': meta.rows_shown must say which rows nursing sees: organisation, feedback, opened or everyone') }}
    {%- endif -%}
    {%- if readers %}
    alter table {{ this }} enable row level security;
    alter table {{ this }} force row level security;
    create policy pipeline on {{ this }} to samepicture_pipeline using (true);
    {%- for reader in readers %}
    create policy {{ reader }} on {{ this }} for select to {{ reader }} using (
        {%- if shown == 'opened' -%}
        feedback_id in (select access.opened_feedback())
        {%- elif reader != 'samepicture_nursing' or shown == 'everyone' -%}
        true
        {%- elif shown == 'organisation' -%}
        organisation_ods_code = any ((select access.granted_organisations())::text[])
        {%- else -%}
        feedback_id in (select access.granted_feedback())
        {%- endif -%}
    );
    {%- endfor %}
    {%- endif %}
{%- endmacro %}

{# Grants mean nothing to a file; dbt would warn of each. #}
{% macro duckdb__apply_grants(relation, grant_config, should_revoke=True) -%}
{%- endmacro %}
