{# Publishers pass on each other's stories: a copy is left out, the original counts. #}
with stories as (
    select
        *,
        'story:' || publisher_code || ':' || story_id as feedback_id
    from {{ ref('stg_experience_story') }}
    where
        not is_removed
        and not coalesce(origin_code in ('care_opinion', 'nhsuk') and origin_code <> publisher_code, false)
),

tags as (
    {{ json_object_rows('stories', ['feedback_id'], 'tags', ['polarity']) }}
),

tag_directions as (
    select
        feedback_id,
        max(case when polarity = '1' then 1 else 0 end) as praise,
        max(case when polarity = '-1' then 1 else 0 end) as criticism
    from tags
    where polarity is not null
    group by feedback_id
),

ratings as (
    {{ json_object_rows('stories', ['feedback_id'], 'ratings', ['score', 'scale_code']) }}
),

{# Stars of different questions are never averaged: any 4 or 5 is praise, any 1 or 2 criticism. #}
rating_directions as (
    select
        feedback_id,
        max(case when cast(score as double precision) >= 4 then 1 else 0 end) as praise,
        max(case when cast(score as double precision) <= 2 then 1 else 0 end) as criticism
    from ratings
    where scale_code = 'nhsuk_stars_5' and score is not null
    group by feedback_id
),

directed as (
    select
        stories.*,
        coalesce(tag_directions.praise, rating_directions.praise) as praise,
        coalesce(tag_directions.criticism, rating_directions.criticism) as criticism
    from stories
    left join tag_directions on stories.feedback_id = tag_directions.feedback_id
    left join rating_directions on stories.feedback_id = rating_directions.feedback_id
)

select
    feedback_id,
    publisher_code,
    story_id,
    story_url,
    author_role_code,
    author_age_band_code,
    submitted_date,
    published_date,
    visit_month_date,
    coalesce(submitted_date, published_date) as event_date,
    case
        when praise = 1 and criticism = 1 then 'mixed'
        when praise = 1 then 'positive'
        when criticism = 1 then 'negative'
        when praise = 0 then 'neutral'
    end as direction_code,
    organisation_ods_codes,
    service_ods_codes,
    service_names,
    tags,
    response_count,
    first_response_date,
    progress_code,
    feed_id,
    submission_id,
    line_number
from directed
