{%- set measures = {'complaint': 'complaint_share', 'story': 'story_critical_share'} %}

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

narratives as (
    select
        mentions.*,
        texts.text_count,
        cast({{ dbt.date_trunc('quarter', 'mentions.event_date') }} as date) as quarter_start_date
    from mentions
    inner join texts on mentions.feedback_id = texts.feedback_id
    where mentions.organisation_ods_code <> 'unmatched' and mentions.theme_code not in ('T00', 'T99')
),

quarters as (
    select
        measure_code,
        theme_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date) as quarter_start_date,
        cast(sum(numerator_count) as bigint) as numerator_count,
        cast(sum(denominator_count) as bigint) as denominator_count
    from {{ ref('theme_measure') }}
    group by
        measure_code,
        theme_code,
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date)
),

names as (
    {{ names_today() }}
)

select
    narratives.feedback_id,
    narratives.theme_code,
    themes.theme_name,
    narratives.organisation_ods_code,
    names.organisation_name,
    names.icb_code,
    narratives.event_date,
    narratives.quarter_start_date,
    narratives.source_family_code,
    narratives.owner_directorate_code,
    narratives.feedback_kind_code,
    narratives.is_positive,
    narratives.is_negative,
    {%- for name, code in measures.items() %}
    {%- set hits, all = name ~ '_quarters.numerator_count', name ~ '_quarters.denominator_count' %}
    {{ hits }} as {{ name }}_numerator_count,
    {{ all }} as {{ name }}_denominator_count,
    {{ hits }} / cast({{ all }} as double precision) as {{ code }},
    {{ wilson(hits, all, 'low') }} as {{ code }}_low,
    {{ wilson(hits, all, 'high') }} as {{ code }}_high,
    {%- endfor %}
    narratives.text_count,
    consented.feedback_id is not null as is_consented
from narratives
inner join {{ ref('dim_theme') }} as themes on narratives.theme_code = themes.theme_code
{%- for name, code in measures.items() %}
left join quarters as {{ name }}_quarters
    on
        {{ name }}_quarters.measure_code = '{{ code }}'
        and narratives.theme_code = {{ name }}_quarters.theme_code
        and narratives.organisation_ods_code = {{ name }}_quarters.organisation_ods_code
        and narratives.quarter_start_date = {{ name }}_quarters.quarter_start_date
{%- endfor %}
left join {{ ref('published_consented_story') }} as consented on narratives.feedback_id = consented.feedback_id
left join names on narratives.organisation_ods_code = names.ods_code
