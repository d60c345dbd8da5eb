{#- The tables of the source raw themselves, so that a new record type is tested from its first day. They are known only when dbt runs. -#}
{%- set tables = graph.sources.values() | selectattr('source_name', 'equalto', 'raw') | sort(attribute='name') | list if execute else [] %}

with submissions_in_raw as (
    {%- for table in tables %}
    select distinct
        '{{ table.name }}' as record_type,
        submission_id
    from {{ source('raw', table.name) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    submissions_in_raw.record_type,
    submissions_in_raw.submission_id
from submissions_in_raw
left join {{ source('ops', 'submission') }} as submissions
    on
        submissions_in_raw.submission_id = submissions.submission_id
        and submissions.outcome_code = 'loaded'
where submissions.submission_id is null
