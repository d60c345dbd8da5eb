{{ config(schema='published') }}

{%- set record_types = [
    'complaint', 'experience_story', 'healthwatch_report', 'engagement_activity', 'ombudsman_decision',
    'improvement_action', 'survey_response', 'population', 'organisation',
] %}

{# What a source sent and then took away has not come. #}
with sent as (
    {%- for record_type in record_types %}
    select
        '{{ record_type }}' as record_type,
        cast(null as varchar) as series_code
    where
        exists (
            select 1
            from {{ ref('stg_' ~ record_type) }}
            where not is_removed
        )
    union all
    {%- endfor %}
    select
        'text_label' as record_type,
        cast(null as varchar) as series_code
    where
        exists (
            select 1
            from {{ source('ops', 'text_label') }}
        )
    union all
    select distinct
        'survey_result' as record_type,
        series_code
    from {{ ref('fct_survey_result') }}
),

needed as (
    select
        needs.question_number,
        needs.need_name,
        needs.least_sent_count,
        needs.source_name,
        sent.record_type is not null as is_sent
    from {{ ref('question_need') }} as needs
    left join sent
        on
            needs.record_type = sent.record_type
            and coalesce(needs.series_code, '') = coalesce(sent.series_code, '')
),

met as (
    select
        question_number,
        need_name,
        sum(case when is_sent then 1 else 0 end) >= min(least_sent_count) as is_met
    from needed
    group by question_number, need_name
),

judged as (
    select
        question_number,
        min(case when is_met then 1 else 0 end) = 1 as is_met
    from met
    group by question_number
),

{# One kind of record may serve two needs of a question. #}
sources as (
    select
        question_number,
        source_name,
        min(case when is_sent then 1 else 0 end) = 1 as is_sent
    from needed
    group by question_number, source_name
),

named as (
    select
        question_number,
        count(*) as source_count,
        sum(case when is_sent then 1 else 0 end) as sent_source_count
    from sources
    group by question_number
),

missing as (
    select
        question_number,
        {{ dbt.listagg('source_name', "', '", 'order by source_name') }} as source_names
    from sources
    where not is_sent
    group by question_number
),

{# A question without needs is about the feeds themselves. #}
answered as (
    select
        questions.question_number,
        questions.question,
        questions.asked_by,
        questions.mart_name,
        questions.relation_name,
        coalesce(named.source_count, 0) as source_count,
        cast(coalesce(named.sent_source_count, 0) as bigint) as sent_source_count,
        missing.source_names as missing_source_names,
        case
            when not coalesce(judged.is_met, true) then 'not_answered'
            when missing.source_names is not null then 'in_part'
            else 'answered'
        end as status_code
    from {{ ref('question') }} as questions
    left join judged on questions.question_number = judged.question_number
    left join named on questions.question_number = named.question_number
    left join missing on questions.question_number = missing.question_number
)

select
    question_number,
    question,
    asked_by,
    mart_name,
    relation_name,
    status_code,
    source_count,
    sent_source_count,
    missing_source_names,
    case status_code
        when 'not_answered' then 'Can''t be answered yet: nothing has come of ' || missing_source_names || '.'
        when 'in_part' then 'Answered from part of what it needs: nothing has come of ' || missing_source_names || '.'
        else 'All that it needs has begun to come.'
    end as sentence
from answered
