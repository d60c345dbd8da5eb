{#
  What a record counts for: as one that could have said something (no theme), and for each thing that it says: its themes, and of
  a return whether the experience was a bad one. A return without a comment names no theme, and could have named none.
#}
with counted_for as (
    select distinct
        feedback_id,
        'theme' as measure_code,
        cast(null as varchar) as theme_code
    from {{ ref('bridge_feedback_theme') }}
    union all
    select distinct
        feedback_id,
        'theme' as measure_code,
        theme_code
    from {{ ref('bridge_feedback_theme') }}
    union all
    select
        feedback_id,
        'negative' as measure_code,
        cast(null as varchar) as theme_code
    from {{ ref('fct_survey_return') }}
    where direction_code is not null
    union all
    select
        feedback_id,
        'negative' as measure_code,
        'all' as theme_code
    from {{ ref('fct_survey_return') }}
    where direction_code = 'negative'
),

people as (
    select
        feedback_id,
        organisation_ods_code,
        cast({{ dbt.date_trunc('month', 'event_date') }} as date) as month_start_date,
        source_code,
        dimension_code,
        people_group_code,
        is_known and not is_unmatched as is_grouped,
        is_approximate
    from {{ ref('bridge_feedback_people_group') }}
    where dimension_code <> 'inclusion'
)

select
    people.organisation_ods_code,
    people.month_start_date,
    people.source_code,
    counted_for.measure_code,
    counted_for.theme_code,
    people.dimension_code,
    people.people_group_code,
    people.is_grouped,
    people.is_approximate,
    count(*) as record_count
from people
inner join counted_for on people.feedback_id = counted_for.feedback_id
group by
    people.organisation_ods_code,
    people.month_start_date,
    people.source_code,
    counted_for.measure_code,
    counted_for.theme_code,
    people.dimension_code,
    people.people_group_code,
    people.is_grouped,
    people.is_approximate
