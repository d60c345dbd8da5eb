{{ config(schema='published') }}

with staff as (
    select
        organisation_ods_code,
        cast(extract(year from period_end_date) as integer) as survey_year,
        max(period_end_date) as period_end_date,
        max(case when question_code = 'theme_engagement' and measure_code = 'score' then value end) as engagement_score,
        max(case when question_code = 'theme_morale' and measure_code = 'score' then value end) as morale_score,
        max(case when question_code = 'theme_engagement' and measure_code = 'base_unweighted' then value end) as staff_count
    from {{ ref('fct_survey_result') }}
    where survey_code = 'nss' and level_code = 'organisation'
    group by organisation_ods_code, cast(extract(year from period_end_date) as integer)
),

patients as (
    select
        organisation_ods_code,
        setting_code,
        cast(extract(year from month_start_date) as integer) as survey_year,
        count(*) as month_count,
        sum(denominator_count) as answer_count,
        sum(numerator_count) / cast(sum(denominator_count) as double precision) as positive_share
    from {{ ref('metric_month') }}
    where metric_code = 'fft_positive'
    group by organisation_ods_code, setting_code, cast(extract(year from month_start_date) as integer)
),

paired as (
    select
        staff.organisation_ods_code,
        staff.survey_year,
        staff.period_end_date,
        patients.setting_code,
        staff.engagement_score,
        staff.morale_score,
        staff.staff_count,
        patients.positive_share,
        patients.answer_count,
        patients.month_count
    from staff
    inner join patients
        on
            staff.organisation_ods_code = patients.organisation_ods_code
            and staff.survey_year = patients.survey_year
    where staff.engagement_score is not null
),

{# A year that lacks months has other seasons in it than the next. #}
changed as (
    select
        later.*,
        later.engagement_score - earlier.engagement_score as engagement_change,
        later.positive_share - earlier.positive_share as positive_share_change
    from paired as later
    left join paired as earlier
        on
            later.organisation_ods_code = earlier.organisation_ods_code
            and later.setting_code = earlier.setting_code
            and later.survey_year = earlier.survey_year + 1
            and later.month_count = 12
            and earlier.month_count = 12
),

{# Spearman: the correlation of ranks; equal values share the middle of their ranks. #}
ranked as (
    select
        setting_code,
        rank() over (partition by setting_code order by engagement_change)
        + (count(*) over (partition by setting_code, engagement_change) - 1) / 2.0 as staff_rank,
        rank() over (partition by setting_code order by positive_share_change)
        + (count(*) over (partition by setting_code, positive_share_change) - 1) / 2.0 as patient_rank
    from changed
    where engagement_change is not null and positive_share_change is not null
),

associated as (
    select
        setting_code,
        count(*) as pair_count,
        corr(staff_rank, patient_rank) as rank_correlation
    from ranked
    group by setting_code
)

select
    changed.organisation_ods_code,
    organisations.organisation_name,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code,
    changed.survey_year,
    changed.setting_code,
    changed.engagement_score,
    changed.morale_score,
    cast(changed.staff_count as bigint) as staff_count,
    changed.positive_share,
    cast(changed.answer_count as bigint) as answer_count,
    changed.month_count,
    changed.engagement_change,
    changed.positive_share_change,
    coalesce(associated.pair_count, 0) as pair_count,
    case when associated.pair_count >= 10 then associated.rank_correlation end as rank_correlation
from changed
left join associated on changed.setting_code = associated.setting_code
{{ organisation_at('changed.organisation_ods_code', 'changed.period_end_date') }}
