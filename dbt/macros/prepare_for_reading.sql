{#
  After a table is made: statistics, and indexes where an engine needs them. They stay when builds replace its rows.
  Records are looked up by what meta.keyed_by says, answers by organisation and period.
#}
{% macro prepare_for_reading() -%}
    {{ return(adapter.dispatch('prepare_for_reading')()) }}
{%- endmacro %}

{% macro default__prepare_for_reading() -%}
{%- endmacro %}

{% macro postgres__prepare_for_reading() -%}
    {%- set keyed_by = model.config.meta.get('keyed_by', []) -%}
    {%- set periods = ['quarter_start_date', 'month_start_date', 'period_end_date', 'survey_year'] | select('in', model.columns) | list -%}
    {%- if keyed_by %}
    create index on {{ this }} (hash_record_extended(row({{ keyed_by | join(', ') }}), 0));
    {%- endif %}
    {%- if 'organisation_ods_code' in model.columns and periods %}
    create index on {{ this }} (organisation_ods_code, {{ periods[0] }});
    {%- endif %}
    {%- if model.config.meta.get('rows_shown') == 'opened' %}
    {#- Statistics of rows that are hidden show in the estimates of plans: of words that nobody opened there are none. #}
    {%- for column in model.columns %}
    alter table {{ this }} alter column {{ column }} set statistics 0;
    {%- endfor %}
    {%- endif %}
    analyze {{ this }};
{%- endmacro %}
