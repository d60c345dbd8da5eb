{%- set window_months = 6 -%}
{%- set least_count = 10 -%}

with as_is as (
    select distinct
        ods_code,
        current_ods_code
    from {{ ref('dim_organisation') }}
),

actions as (
    select
        actions.action_key,
        actions.title,
        actions.change_type_code,
        coalesce(as_is.current_ods_code, actions.organisation_ods_code) as organisation_ods_code,
        actions.agreed_date,
        actions.done_date,
        actions.remeasured_outcome_code,
        coalesce(actions.agreed_date, actions.done_date) as begun_date
    from {{ ref('fct_improvement_action') }} as actions
    left join as_is on actions.organisation_ods_code = as_is.ods_code
),

{# T00 and T99 are no themes, and have no number. #}
aimed as (
    select
        action_key,
        theme_code
    from {{ ref('bridge_action_theme') }}
    where theme_code not in ('T00', 'T99')
),

measures as (
    select 'complaint_share' as measure_code
    union all
    select 'story_critical_share' as measure_code
),

{# Before is what was so when nobody had begun; the months of agreeing and doing themselves belong to neither side. #}
spans as (
    select
        actions.*,
        aimed.theme_code,
        measures.measure_code,
        cast({{ dbt.dateadd('month', -window_months, dbt.date_trunc('month', 'least(actions.begun_date, actions.done_date)')) }} as date)
            as before_start_date,
        cast({{ dbt.date_trunc('month', 'least(actions.begun_date, actions.done_date)') }} as date) as before_end_date,
        cast({{ dbt.dateadd('month', 1, dbt.date_trunc('month', 'actions.done_date')) }} as date) as after_start_date,
        cast({{ dbt.dateadd('month', window_months + 1, dbt.date_trunc('month', 'actions.done_date')) }} as date) as after_end_date
    from actions
    left join aimed on actions.action_key = aimed.action_key
    cross join measures
),

{# How far the source of a measure speaks of an organisation: a later month has begun, so the one before it is over. #}
covered as (
    select
        measure_code,
        organisation_ods_code,
        max(month_start_date) as last_month_date
    from {{ ref('theme_measure') }}
    group by measure_code, organisation_ods_code
),

summed as (
    select
        {%- for side in ['before', 'after'] %}
        {%- set first, end = 'spans.' ~ side ~ '_start_date', 'spans.' ~ side ~ '_end_date' %}
        {%- set within = 'points.month_start_date >= ' ~ first ~ ' and points.month_start_date < ' ~ end %}
        sum(case when {{ within }} then points.numerator_count else 0 end) as {{ side }}_numerator_count,
        sum(case when {{ within }} then points.denominator_count else 0 end) as {{ side }}_denominator_count,
        {%- endfor %}
        spans.action_key,
        spans.theme_code,
        spans.measure_code
    from spans
    inner join {{ ref('theme_measure') }} as points
        on
            spans.measure_code = points.measure_code
            and spans.theme_code = points.theme_code
            and spans.organisation_ods_code = points.organisation_ods_code
    where spans.done_date is not null
    group by spans.action_key, spans.theme_code, spans.measure_code
),

{# Whoever did several things at once can't say which of them helped. #}
others as (
    select
        spans.action_key,
        spans.theme_code,
        spans.measure_code,
        count(*) as other_action_count
    from spans
    inner join spans as other_spans
        on
            spans.theme_code = other_spans.theme_code
            and spans.measure_code = other_spans.measure_code
            and spans.organisation_ods_code = other_spans.organisation_ods_code
            and spans.action_key <> other_spans.action_key
            and spans.before_start_date <= other_spans.done_date
            and spans.after_end_date > other_spans.done_date
    group by spans.action_key, spans.theme_code, spans.measure_code
),

sided as (
    select
        spans.*,
        coalesce(others.other_action_count, 0) as other_action_count,
        {%- for side in ['before', 'after'] %}
        {%- set hits, all = 'summed.' ~ side ~ '_numerator_count', 'summed.' ~ side ~ '_denominator_count' %}
        cast(case when spans.done_date is not null then coalesce({{ hits }}, 0) end as bigint) as {{ side }}_numerator_count,
        cast(case when spans.done_date is not null then coalesce({{ all }}, 0) end as bigint) as {{ side }}_denominator_count,
        {{ hits }} / cast(nullif({{ all }}, 0) as double precision) as {{ side }}_share,
        {{ wilson(hits, all, 'low') }} as {{ side }}_share_low,
        {{ wilson(hits, all, 'high') }} as {{ side }}_share_high,
        {%- endfor %}
        coalesce(covered.last_month_date >= spans.after_end_date, false) as is_over
    from spans
    left join summed
        on
            spans.action_key = summed.action_key
            and spans.theme_code = summed.theme_code
            and spans.measure_code = summed.measure_code
    left join others
        on
            spans.action_key = others.action_key
            and spans.theme_code = others.theme_code
            and spans.measure_code = others.measure_code
    left join covered
        on
            spans.measure_code = covered.measure_code
            and spans.organisation_ods_code = covered.organisation_ods_code
),

judged as (
    select
        *,
        case
            when theme_code is null then 'no_theme'
            when done_date is null then 'not_done'
            when not is_over then 'not_over'
            when before_denominator_count < {{ least_count }} or after_denominator_count < {{ least_count }} then 'too_few'
        end as unsaid_code
    from sided
),

{# Newcombe's interval of a difference, from the two of Wilson. #}
compared as (
    select
        *,
        case when unsaid_code is null then after_share - before_share end as change,
        case
            when unsaid_code is null then
                after_share - before_share
                - sqrt(
                    (after_share - after_share_low) * (after_share - after_share_low)
                    + (before_share_high - before_share) * (before_share_high - before_share)
                )
        end as change_low,
        case
            when unsaid_code is null then
                after_share - before_share
                + sqrt(
                    (after_share_high - after_share) * (after_share_high - after_share)
                    + (before_share - before_share_low) * (before_share - before_share_low)
                )
        end as change_high
    from judged
),

names as (
    {{ names_today() }}
)

select
    compared.action_key,
    compared.organisation_ods_code,
    names.organisation_name,
    names.icb_code,
    compared.title,
    coalesce(compared.change_type_code, 'unknown') as change_type_code,
    compared.theme_code,
    themes.theme_name,
    themes.change_type_code as theme_change_type_code,
    compared.measure_code,
    compared.agreed_date,
    compared.done_date,
    compared.before_start_date,
    compared.before_end_date,
    compared.after_start_date,
    compared.after_end_date,
    {%- for side in ['before', 'after'] %}
    compared.{{ side }}_numerator_count,
    compared.{{ side }}_denominator_count,
    compared.{{ side }}_share,
    compared.{{ side }}_share_low,
    compared.{{ side }}_share_high,
    {%- endfor %}
    compared.change,
    compared.change_low,
    compared.change_high,
    case
        when compared.unsaid_code is not null then null
        when compared.change_high < 0 then 'better'
        when compared.change_low > 0 then 'worse'
        else 'no_clear_change'
    end as followed_by_code,
    compared.unsaid_code,
    case when compared.done_date is not null and compared.theme_code is not null then compared.other_action_count end as other_action_count,
    compared.remeasured_outcome_code
from compared
left join {{ ref('dim_theme') }} as themes on compared.theme_code = themes.theme_code
left join names on compared.organisation_ods_code = names.ods_code
