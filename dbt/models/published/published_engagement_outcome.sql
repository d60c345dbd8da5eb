{{ config(alias='engagement_outcome') }}

{#- Nothing else counts the heads of an activity: the two numbers and their difference are all that there is to withhold. -#}
with counted as (
    select
        *,
        {{ any_small(['reached_count', 'contributed_count', 'reached_count - contributed_count']) }} as is_suppressed
    from {{ ref('engagement_outcome') }}
)

select
    feedback_id,
    organisation_ods_code,
    organisation_name,
    icb_code,
    current_ods_code,
    current_icb_code,
    activity_name,
    activity_date,
    quarter_start_date,
    channel_code,
    activity_kind_code,
    initiator_code,
    place_name,
    {%- for number in ['reached_count', 'contributed_count', 'contributed_share', 'contributed_share_low', 'contributed_share_high'] %}
    case when not is_suppressed then {{ number }} end as {{ number }},
    {%- endfor %}
    group_count,
    unknown_group_count,
    people_group_codes,
    people_group_names,
    theme_count,
    theme_codes,
    sentiment_code,
    outcome_code,
    action_count,
    done_action_count,
    improved_action_count,
    first_done_date,
    told_back_date,
    result_code,
    is_suppressed
from counted
