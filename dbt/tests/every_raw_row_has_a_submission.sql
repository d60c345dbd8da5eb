{%- set record_types = [
    'complaint',
    'complaint_return',
    'survey_result',
    'experience_story',
    'healthwatch_report',
    'engagement_activity',
    'organisation',
    'organisation_relationship',
    'population',
] %}

with submissions_in_raw as (
    {%- for record_type in record_types %}
    select distinct
        '{{ record_type }}' as record_type,
        submission_id
    from {{ source('raw', record_type) }}
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
