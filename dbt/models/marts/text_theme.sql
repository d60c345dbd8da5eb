{%- set severities = {'not_critical_count': 0, 'mild_count': 1, 'strong_count': 2, 'severity_unsure_count': -1} %}

{# The most critical that the model is sure of, of all texts of a piece. #}
with pieces as (
    select
        texts.feedback_id,
        coalesce(feedback_organisations.organisation_ods_code, 'unmatched') as organisation_ods_code,
        feedback.event_date,
        max(case texts.severity_code when 'none' then 0 when 'mild' then 1 when 'strong' then 2 else -1 end) as severity_number,
        max(case when texts.theme_count > 0 then 1 else 0 end) as tagged_number,
        min(texts.model_version) as first_model_version,
        max(texts.model_version) as last_model_version
    from {{ ref('fct_text_label') }} as texts
    inner join {{ ref('fct_feedback') }} as feedback on texts.feedback_id = feedback.feedback_id
    left join {{ ref('bridge_feedback_organisation') }} as feedback_organisations
        on texts.feedback_id = feedback_organisations.feedback_id
    group by
        texts.feedback_id,
        coalesce(feedback_organisations.organisation_ods_code, 'unmatched'),
        feedback.event_date
),

{# Of how many pieces any theme could have been found: the same for each theme of an organisation and quarter. #}
quarters as (
    select
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'event_date') }} as date) as quarter_start_date,
        count(*) as read_count,
        sum(tagged_number) as tagged_count,
        case
            when min(first_model_version) = max(last_model_version) then min(first_model_version)
            else 'several'
        end as model_version
    from pieces
    group by
        organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'event_date') }} as date)
),

themes_of_pieces as (
    select
        feedback_id,
        theme_code,
        max(confidence) as confidence
    from {{ ref('bridge_feedback_text_theme') }}
    group by feedback_id, theme_code
),

coded as (
    select distinct feedback_id
    from {{ ref('bridge_feedback_theme') }}
),

counted as (
    select
        themes_of_pieces.theme_code,
        pieces.organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'pieces.event_date') }} as date) as quarter_start_date,
        count(*) as comment_count,
        sum(case when coded.feedback_id is null then 1 else 0 end) as uncoded_count,
        {%- for count, number in severities.items() %}
        sum(case when pieces.severity_number = {{ number }} then 1 else 0 end) as {{ count }},
        {%- endfor %}
        cast({{ rounded('avg(themes_of_pieces.confidence)', 4) }} as double precision) as mean_confidence,
        max(pieces.event_date) as last_event_date
    from themes_of_pieces
    inner join pieces on themes_of_pieces.feedback_id = pieces.feedback_id
    left join coded on themes_of_pieces.feedback_id = coded.feedback_id
    group by
        themes_of_pieces.theme_code,
        pieces.organisation_ods_code,
        cast({{ dbt.date_trunc('quarter', 'pieces.event_date') }} as date)
)

select
    counted.theme_code,
    themes.theme_name,
    counted.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    counted.quarter_start_date,
    quarters.read_count,
    cast(quarters.tagged_count as bigint) as tagged_count,
    counted.comment_count,
    counted.comment_count / cast(quarters.read_count as double precision) as comment_share,
    cast(counted.uncoded_count as bigint) as uncoded_count,
    {%- for count in severities %}
    cast(counted.{{ count }} as bigint) as {{ count }},
    {%- endfor %}
    counted.mean_confidence,
    quarters.model_version,
    {{ exploration() }} as caveat
from counted
inner join quarters
    on
        counted.organisation_ods_code = quarters.organisation_ods_code
        and counted.quarter_start_date is not distinct from quarters.quarter_start_date
inner join {{ ref('dim_theme') }} as themes on counted.theme_code = themes.theme_code
{{ organisation_at('counted.organisation_ods_code', 'counted.last_event_date') }}
