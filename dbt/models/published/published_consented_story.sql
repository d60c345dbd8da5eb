{{ config(alias='consented_story') }}

{#
  Who publishes a story on Care Opinion or NHS.uk agrees that it is read and passed on. Nothing else here carries such a consent.
  looked_at: a line of a submission is shown where every record of it that was flagged may be.
#}
with looked_at as (
    select
        submission_id,
        line_number,
        min(case when outcome_code = 'shown' then 1 else 0 end) = 1 as may_be_shown
    from {{ source('ops', 'harm_review') }}
    group by submission_id, line_number
)

select
    stories.feedback_id,
    stories.publisher_code,
    stories.story_url,
    coalesce(stories.published_date, stories.submitted_date) as published_date,
    texts.title,
    texts.body,
    stories.direction_code,
    stories.organisation_ods_codes,
    stories.progress_code,
    texts.redaction_version
from {{ ref('fct_experience_story') }} as stories
inner join {{ ref('stg_experience_story') }} as texts
    on
        stories.publisher_code = texts.publisher_code
        and stories.story_id = texts.story_id
left join looked_at
    on
        texts.submission_id = looked_at.submission_id
        and texts.line_number = looked_at.line_number
where
    stories.publisher_code in ('care_opinion', 'nhsuk')
    and texts.body is not null
    and (texts.harm_codes is null or coalesce(looked_at.may_be_shown, false))
