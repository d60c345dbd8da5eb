{{ config(alias='consented_story') }}

{# Who publishes a story on Care Opinion or NHS.uk agrees that it is read and passed on. Nothing else here carries such a consent. #}
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
where stories.publisher_code in ('care_opinion', 'nhsuk') and texts.body is not null
