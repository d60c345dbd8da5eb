with current_versions as (
    {{ latest_version(source('raw', 'population'), [
        'denominator_code',
        'area_code',
        'as_of_date',
        'group_scheme_code',
        'group_code',
        'sex_code',
        'age_code'
    ]) }}
)

select
    cast(denominator_code as varchar) as denominator_code,
    cast(area_code as varchar) as area_code,
    cast(area_type_code as varchar) as area_type_code,
    cast(icb_ons_code as varchar) as icb_ons_code,
    cast(as_of_date as date) as as_of_date,
    cast(group_scheme_code as varchar) as group_scheme_code,
    cast(group_code as varchar) as group_code,
    cast(group_name as varchar) as group_name,
    cast(is_total as boolean) as is_total,
    cast(sex_code as varchar) as sex_code,
    cast(age_code as varchar) as age_code,
    cast(people_count as bigint) as people_count,
    cast(submission_id as varchar) as submission_id,
    cast(line_number as bigint) as line_number,
    cast(feed_id as varchar) as feed_id,
    cast(version_at as timestamp with time zone) as version_at,
    cast(is_removed as boolean) as is_removed
from current_versions
