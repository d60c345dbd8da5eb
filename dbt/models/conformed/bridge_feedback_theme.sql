with cases as (
    select * from {{ ref('fct_complaint') }}
),

subject_codes as (
    {{ json_text_rows('cases', ['feedback_id'], 'subject_codes') }}
),

subject_names as (
    {{ json_text_rows('cases', ['feedback_id'], 'subject_source_names') }}
),

stories as (
    select * from {{ ref('fct_experience_story') }}
),

tags as (
    {{ json_object_rows('stories', ['feedback_id'], 'tags', ['name', 'polarity']) }}
),

reports as (
    select * from {{ ref('fct_healthwatch_report') }}
),

topics as (
    {{ json_text_rows('reports', ['feedback_id'], 'topics') }}
),

activities as (
    select
        theme_codes,
        'activity:' || organisation_ods_code || ':' || activity_id as feedback_id
    from {{ ref('stg_engagement_activity') }}
    where not is_removed
),

activity_themes as (
    {{ json_text_rows('activities', ['feedback_id'], 'theme_codes') }}
),

decisions as (
    select * from {{ ref('fct_ombudsman_decision') }}
),

decision_subjects as (
    {{ json_text_rows('decisions', ['feedback_id'], 'subject_names') }}
),

{# An unmapped subject is kept under the supplier's own name for it. #}
source_codes as (
    select
        subject_codes.feedback_id,
        'ko41a_subject' as scheme_code,
        coalesce(subject_codes.item, lower(trim(subject_names.item)), 'not given') as source_code,
        cast(null as varchar) as polarity
    from subject_codes
    left join subject_names
        on
            subject_codes.feedback_id = subject_names.feedback_id
            and subject_codes.item_number = subject_names.item_number
            and subject_codes.item is null
    union all
    select
        feedback_id,
        'care_opinion_tag' as scheme_code,
        lower(trim(name)) as source_code,
        polarity
    from tags
    where name is not null
    union all
    select
        feedback_id,
        'healthwatch_topic' as scheme_code,
        lower(trim(item)) as source_code,
        cast(null as varchar) as polarity
    from topics
    where item is not null
    union all
    select
        feedback_id,
        'theme' as scheme_code,
        upper(trim(item)) as source_code,
        cast(null as varchar) as polarity
    from activity_themes
    where item is not null
    union all
    select
        feedback_id,
        'ombudsman_subject' as scheme_code,
        lower(trim(item)) as source_code,
        cast(null as varchar) as polarity
    from decision_subjects
    where item is not null
),

distinct_codes as (
    select
        feedback_id,
        scheme_code,
        source_code,
        max(case when polarity = '1' then 1 else 0 end) = 1 as is_praised,
        max(case when polarity = '-1' then 1 else 0 end) = 1 as is_criticised
    from source_codes
    group by feedback_id, scheme_code, source_code
),

shared as (
    select
        *,
        count(*) over (partition by feedback_id) as code_count
    from distinct_codes
)

select
    shared.feedback_id,
    coalesce(crosswalk.theme_code, 'T99') as theme_code,
    shared.scheme_code,
    shared.source_code,
    coalesce(crosswalk.weight, 1) / shared.code_count as weight,
    crosswalk.theme_code is not null as is_mapped,
    case
        when shared.is_praised and shared.is_criticised then 'mixed'
        when shared.is_praised then 'positive'
        when shared.is_criticised then 'negative'
    end as source_direction_code
from shared
left join {{ ref('theme_crosswalk') }} as crosswalk
    on
        shared.scheme_code = crosswalk.scheme_code
        and shared.source_code = crosswalk.source_code
