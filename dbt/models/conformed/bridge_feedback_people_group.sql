with people as (
    select
        feedback_id,
        case when is_complaint then 'complaint' else 'pals' end as source_code,
        organisation_ods_code,
        received_date as event_date,
        ethnic_category_code,
        age_band_code,
        gender_code,
        has_learning_disability,
        cast(null as boolean) as has_disability
    from {{ ref('fct_complaint') }}
    union all
    select
        feedback_id,
        case when setting_code = 'gp' then 'survey_gp' else 'survey' end as source_code,
        organisation_ods_code,
        event_date,
        ethnic_category_code,
        age_band_code,
        gender_code,
        cast(null as boolean) as has_learning_disability,
        has_disability
    from {{ ref('fct_survey_return') }}
    union all
    select
        stories.feedback_id,
        'story' as source_code,
        feedback.organisation_ods_code,
        stories.event_date,
        cast(null as varchar) as ethnic_category_code,
        stories.author_age_band_code as age_band_code,
        cast(null as varchar) as gender_code,
        cast(null as boolean) as has_learning_disability,
        cast(null as boolean) as has_disability
    from {{ ref('fct_experience_story') }} as stories
    left join {{ ref('fct_feedback') }} as feedback on stories.feedback_id = feedback.feedback_id
),

codes as (
    {%- for dimension, column in {'ethnic_2001': 'ethnic_category_code', 'age': 'age_band_code', 'gender': 'gender_code'}.items() %}
    select
        feedback_id,
        source_code,
        organisation_ods_code,
        event_date,
        '{{ dimension }}' as dimension_code,
        {{ column }} as group_code
    from people
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

{# Bands are told apart by their own text: whichever scheme lists one, it means the same ages. #}
schemes as (
    select distinct
        case when starts_with(source_scheme_code, 'age_') then 'age' else source_scheme_code end as dimension_code,
        source_code as group_code,
        people_group_code,
        is_approximate
    from {{ ref('bridge_people_group') }}
),

coded as (
    select
        codes.feedback_id,
        codes.source_code,
        codes.organisation_ods_code,
        codes.event_date,
        codes.dimension_code,
        schemes.people_group_code,
        codes.group_code is not null and coalesce(people_groups.is_known, true) as is_known,
        codes.group_code is not null and schemes.people_group_code is null as is_unmatched,
        coalesce(schemes.is_approximate, false) as is_approximate
    from codes
    left join schemes on codes.dimension_code = schemes.dimension_code and codes.group_code = schemes.group_code
    left join {{ ref('dim_people_group') }} as people_groups on schemes.people_group_code = people_groups.people_group_code
),

{# Yes or no: who is not of the group is known, and of no group. #}
{%- set flags = {'learning_disability': 'has_learning_disability', 'disability': 'has_disability'} %}

flagged as (
    {%- for dimension, column in flags.items() %}
    select
        feedback_id,
        source_code,
        organisation_ods_code,
        event_date,
        '{{ dimension }}' as dimension_code,
        case when {{ column }} then '{{ dimension }}' end as people_group_code,
        {{ column }} is not null as is_known,
        false as is_unmatched,
        false as is_approximate
    from people
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

activities as (
    select
        'activity:' || organisation_ods_code || ':' || activity_id as feedback_id,
        organisation_ods_code,
        activity_date as event_date,
        people_groups
    from {{ ref('stg_engagement_activity') }}
    where not is_removed
),

reached as (
    {{ json_text_rows('activities', ['feedback_id'], 'people_groups') }}
),

{# What an activity calls a group and we do not know is one row, however many there are. #}
activity_groups as (
    select distinct
        activities.feedback_id,
        'activity' as source_code,
        activities.organisation_ods_code,
        activities.event_date,
        'inclusion' as dimension_code,
        people_groups.people_group_code,
        reached.feedback_id is not null as is_known,
        reached.feedback_id is not null and people_groups.people_group_code is null as is_unmatched,
        false as is_approximate
    from activities
    left join reached on activities.feedback_id = reached.feedback_id
    left join {{ ref('dim_people_group') }} as people_groups
        on reached.item = people_groups.people_group_code and people_groups.is_known
),

told as (
    select * from coded
    union all
    select * from flagged
    union all
    select * from activity_groups
)

select
    told.feedback_id,
    told.source_code,
    told.organisation_ods_code,
    told.event_date,
    told.dimension_code,
    told.people_group_code,
    told.is_known,
    told.is_unmatched,
    told.is_approximate
from told
inner join {{ ref('source_dimension') }} as source_dimensions
    on told.source_code = source_dimensions.source_code and told.dimension_code = source_dimensions.dimension_code
