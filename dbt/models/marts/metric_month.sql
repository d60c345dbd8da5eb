with months as (
    select
        month_start_date,
        max(date_day) as month_end_date
    from {{ ref('dim_date') }}
    group by month_start_date
),

complaints as (
    select
        organisation_ods_code,
        cast({{ dbt.date_trunc('month', 'received_date') }} as date) as month_start_date,
        sum(complaint_count) as complaint_count,
        sum(acknowledged_in_time_decided_count) as decided_count,
        sum(acknowledged_in_time_count) as in_time_count
    from {{ ref('complaint_timeliness_day') }}
    group by organisation_ods_code, cast({{ dbt.date_trunc('month', 'received_date') }} as date)
),

reports as (
    select distinct
        organisation_ods_code,
        feed_id
    from {{ ref('complaint_timeliness_day') }}
),

reported_to as (
    select
        reports.organisation_ods_code,
        max(feed_as_of.as_of_date) as covered_to_date
    from reports
    inner join {{ ref('feed_as_of') }} as feed_as_of on reports.feed_id = feed_as_of.feed_id
    group by reports.organisation_ods_code
),

complaint_spans as (
    select
        complaints.organisation_ods_code,
        reported_to.covered_to_date,
        min(complaints.month_start_date) as first_month_date,
        max(complaints.month_start_date) as last_month_date
    from complaints
    inner join reported_to on complaints.organisation_ods_code = reported_to.organisation_ods_code
    group by complaints.organisation_ods_code, reported_to.covered_to_date
),

{#
  Between two others a month without a complaint is a true 0; a month that is not over yet is no point.
  After the last complaint nobody knows whether none came, or whether the extract ends there.
#}
complaint_months as (
    select
        complaint_spans.organisation_ods_code,
        months.month_start_date
    from complaint_spans
    inner join months
        on
            complaint_spans.first_month_date <= months.month_start_date
            and complaint_spans.last_month_date >= months.month_start_date
            and complaint_spans.covered_to_date >= months.month_end_date
),

complaints_by_month as (
    select
        complaint_months.organisation_ods_code,
        complaint_months.month_start_date,
        coalesce(complaints.complaint_count, 0) as complaint_count,
        coalesce(complaints.decided_count, 0) as decided_count,
        coalesce(complaints.in_time_count, 0) as in_time_count
    from complaint_months
    left join complaints
        on
            complaint_months.organisation_ods_code = complaints.organisation_ods_code
            and complaint_months.month_start_date = complaints.month_start_date
),

stories as (
    select
        feedback_organisations.organisation_ods_code,
        cast({{ dbt.date_trunc('month', 'feedback.event_date') }} as date) as month_start_date,
        feedback.direction_code,
        max(feedback.event_date) over () as covered_to_date
    from {{ ref('fct_feedback') }} as feedback
    inner join {{ ref('bridge_feedback_organisation') }} as feedback_organisations
        on feedback.feedback_id = feedback_organisations.feedback_id
    where
        feedback.record_type = 'experience_story'
        and feedback.direction_code is not null
        and feedback.event_date is not null
),

story_spans as (
    select
        organisation_ods_code,
        min(month_start_date) as first_month_date,
        max(covered_to_date) as covered_to_date
    from stories
    group by organisation_ods_code
),

story_months as (
    select
        story_spans.organisation_ods_code,
        months.month_start_date
    from story_spans
    inner join months
        on
            story_spans.first_month_date <= months.month_start_date
            and story_spans.covered_to_date >= months.month_end_date
),

stories_by_month as (
    select
        story_months.organisation_ods_code,
        story_months.month_start_date,
        count(stories.organisation_ods_code) as story_count,
        sum(case when stories.direction_code in ('negative', 'mixed') then 1 else 0 end) as critical_count
    from story_months
    left join stories
        on
            story_months.organisation_ods_code = stories.organisation_ods_code
            and story_months.month_start_date = stories.month_start_date
    group by story_months.organisation_ods_code, story_months.month_start_date
),

{# All six answers must be there: a withheld one makes the share unknowable. #}
fft_by_month as (
    select
        organisation_ods_code,
        setting_code,
        period_start_date as month_start_date,
        sum(case when answer_code in ('very_good', 'good') then value else 0 end) as positive_count,
        sum(value) as answer_count
    from {{ ref('fct_survey_result') }}
    where
        series_code = 'fft_2020'
        and level_code = 'organisation'
        and question_code = 'overall_experience'
        and measure_code = 'answer'
        and answer_code in ('very_good', 'good', 'neither', 'poor', 'very_poor', 'dont_know')
    group by organisation_ods_code, setting_code, period_start_date
    having count(distinct answer_code) = 6 and count(value) = count(*) and sum(value) > 0
),

points as (
    select
        'complaints_new' as metric_code,
        organisation_ods_code,
        'all' as setting_code,
        month_start_date,
        complaint_count as numerator_count,
        cast(null as bigint) as denominator_count
    from complaints_by_month
    union all
    select
        'complaints_acknowledged_in_time' as metric_code,
        organisation_ods_code,
        'all' as setting_code,
        month_start_date,
        in_time_count as numerator_count,
        decided_count as denominator_count
    from complaints_by_month
    where decided_count > 0
    union all
    select
        'stories_negative' as metric_code,
        organisation_ods_code,
        'all' as setting_code,
        month_start_date,
        critical_count as numerator_count,
        cast(null as bigint) as denominator_count
    from stories_by_month
    union all
    select
        'fft_positive' as metric_code,
        organisation_ods_code,
        setting_code,
        month_start_date,
        positive_count as numerator_count,
        answer_count as denominator_count
    from fft_by_month
)

select
    metric_code,
    organisation_ods_code,
    setting_code,
    month_start_date,
    cast(numerator_count as bigint) as numerator_count,
    cast(denominator_count as bigint) as denominator_count,
    numerator_count / cast(coalesce(denominator_count, 1) as double precision) as value
from points
