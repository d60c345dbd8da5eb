{# An organisation that worked for two boards has a row for each. #}
with published as (
    select
        organisation_ods_code,
        year_name,
        measure_group_code,
        measure_code,
        cast(sum(complaints_count) as bigint) as published_count,
        max(case when is_suppressed then 1 else 0 end) = 1 as is_suppressed
    from {{ ref('fct_complaint_return') }}
    where collection_code = 'KO41a' and level_code = 'organisation'
    group by
        organisation_ods_code,
        year_name,
        measure_group_code,
        measure_code
),

own as (
    select * from {{ ref('complaint_return_own') }}
),

years as (
    select distinct
        organisation_ods_code,
        year_name,
        period_start_date,
        period_end_date,
        first_received_date,
        reopened_count
    from own
),

{# Each line that the organisation published or that its cases give, in years that its cases are of. #}
lines as (
    select
        organisation_ods_code,
        year_name,
        measure_code
    from own
    union
    select
        published.organisation_ods_code,
        published.year_name,
        published.measure_code
    from published
    inner join years
        on
            published.organisation_ods_code = years.organisation_ods_code
            and published.year_name = years.year_name
),

{# Groups of clinical treatment that the cases never tell apart are not held; nor are parents and guardians. #}
clinical as (
    select
        organisation_ods_code,
        max(case when measure_code <> 'clinical_treatment_sub_total' then 1 else 0 end) as has_groups
    from own
    where measure_group_code = 'clinical_treatment'
    group by organisation_ods_code
),

without_code as (
    select
        organisation_ods_code,
        year_name,
        measure_group_code,
        max(without_code_count) as without_code_count
    from own
    group by organisation_ods_code, year_name, measure_group_code
),

beside as (
    select
        lines.organisation_ods_code,
        lines.year_name,
        years.period_start_date,
        years.period_end_date,
        years.first_received_date,
        years.reopened_count,
        coalesce(own.measure_group_code, published.measure_group_code) as measure_group_code,
        lines.measure_code,
        case
            when lines.measure_code in ('status_parent', 'status_guardian') then null
            when
                lines.measure_code like 'clinical_treatment%'
                and lines.measure_code <> 'clinical_treatment_sub_total'
                and coalesce(clinical.has_groups, 0) = 0
                then null
            else coalesce(own.own_count, 0)
        end as own_count,
        case when not published.is_suppressed then published.published_count end as published_count,
        published.measure_code is not null as is_published,
        coalesce(published.is_suppressed, false) as is_withheld,
        coalesce(without_code.without_code_count, 0) as without_code_count
    from lines
    inner join years
        on
            lines.organisation_ods_code = years.organisation_ods_code
            and lines.year_name = years.year_name
    left join own
        on
            lines.organisation_ods_code = own.organisation_ods_code
            and lines.year_name = own.year_name
            and lines.measure_code = own.measure_code
    left join published
        on
            lines.organisation_ods_code = published.organisation_ods_code
            and lines.year_name = published.year_name
            and lines.measure_code = published.measure_code
    left join clinical on lines.organisation_ods_code = clinical.organisation_ods_code
    left join without_code
        on
            lines.organisation_ods_code = without_code.organisation_ods_code
            and lines.year_name = without_code.year_name
            and coalesce(own.measure_group_code, published.measure_group_code) = without_code.measure_group_code
),

explained as (
    select
        *,
        own_count - published_count as difference_count,
        case
            when not is_published then 'not_published'
            when is_withheld then 'withheld'
            when own_count is null then 'not_held'
            when own_count = published_count then 'equal'
            when first_received_date > period_start_date then 'history_too_short'
            when published_count > own_count and without_code_count >= published_count - own_count then 'without_code'
            when measure_group_code = 'complaints' and reopened_count >= abs(own_count - published_count) then 'reopened'
            else 'unexplained'
        end as explanation_code
    from beside
)

select
    organisation_ods_code,
    year_name,
    measure_group_code,
    measure_code,
    own_count,
    published_count,
    difference_count,
    explanation_code,
    case explanation_code
        when 'not_published' then 'No return of this year that has this line was loaded.'
        when 'withheld' then 'The publisher withheld the count.'
        when 'not_held' then 'The cases do not say it: the feed has no such code.'
        when 'equal' then 'Both say the same.'
        when 'history_too_short'
            then 'Our cases begin on ' || cast(first_received_date as varchar) || ': those that were received before are not in our count.'
        when 'without_code'
            then cast(without_code_count as varchar) || ' cases have no code here, and may be among those that were returned.'
        when 'reopened'
            then cast(reopened_count as varchar) || ' cases of the year were opened again: the return may count how they stood before.'
        when 'unexplained' then 'Nothing that we hold explains it: compare the lists of cases with whoever made the return.'
    end as explanation
from explained
