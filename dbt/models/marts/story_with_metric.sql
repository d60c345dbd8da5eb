with mentions as (
    {{ mentions_today() }}
),

{# Only what can be read: a number of words is no word, so nothing of the texts themselves is in here. #}
texts as (
    select
        feedback_id,
        count(*) as text_count
    from {{ ref('published_narrative') }}
    group by feedback_id
),

names as (
    {{ names_today() }}
)

select
    mentions.feedback_id,
    mentions.theme_code,
    themes.theme_name,
    mentions.organisation_ods_code,
    names.organisation_name,
    names.icb_code,
    mentions.event_date,
    cast({{ dbt.date_trunc('quarter', 'mentions.event_date') }} as date) as quarter_start_date,
    mentions.source_family_code,
    mentions.owner_directorate_code,
    mentions.feedback_kind_code,
    mentions.is_positive,
    mentions.is_negative,
    texts.text_count,
    consented.feedback_id is not null as is_consented
from mentions
inner join texts on mentions.feedback_id = texts.feedback_id
inner join {{ ref('dim_theme') }} as themes on mentions.theme_code = themes.theme_code
left join {{ ref('published_consented_story') }} as consented on mentions.feedback_id = consented.feedback_id
left join names on mentions.organisation_ods_code = names.ods_code
where mentions.organisation_ods_code <> 'unmatched' and mentions.theme_code not in ('T00', 'T99')
