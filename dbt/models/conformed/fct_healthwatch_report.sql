with pages as (
    select
        *,
        coalesce(file_sha256, report_id) as document_id
    from {{ ref('stg_healthwatch_report') }}
    where not is_removed
),

ranked as (
    select
        *,
        min(published_date) over (partition by document_id) as first_published_date,
        min(response_date) over (partition by document_id) as first_response_date,
        max(case when response_status_code = 'responded' then 1 else 0 end)
            over (partition by document_id) as responded_number,
        count(*) over (partition by document_id) as page_count,
        row_number() over (
            partition by document_id
            order by
                case when coalesce(recommendations, '[]') = '[]' then 1 else 0 end,
                case when library_code = 'national' then 0 else 1 end,
                report_id
        ) as choice_number
    from pages
)

select
    'report:' || report_id as feedback_id,
    report_id,
    report_url,
    library_code,
    page_count,
    local_healthwatch_name,
    title,
    coalesce(published_date, first_published_date) as published_date,
    report_type_name,
    topics,
    methods,
    provider_names,
    people_reached_count,
    recommendations_stated_count,
    recommendations,
    case when responded_number = 1 then 'responded' else coalesce(response_status_code, 'unknown') end as response_status_code,
    coalesce(response_date, first_response_date) as response_date,
    feed_id,
    submission_id,
    line_number
from ranked
where choice_number = 1
