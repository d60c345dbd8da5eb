select
    theme_code,
    organisation_ods_code,
    event_date,
    source_family_code,
    owner_directorate_code,
    count(*) as feedback_count,
    cast(sum(case when feedback_kind_code = 'complaint' then 1 else 0 end) as bigint) as complaint_count,
    cast(sum(cast(round(weight * {{ weight_parts() }}) as bigint)) as bigint) as weight_part_count,
    cast(sum(case when is_positive and not is_negative then 1 else 0 end) as bigint) as praising_count,
    cast(sum(case when is_negative and not is_positive then 1 else 0 end) as bigint) as criticising_count,
    cast(sum(case when is_positive and is_negative then 1 else 0 end) as bigint) as mixed_count
from {{ ref('fct_theme_mention') }}
group by
    theme_code,
    organisation_ods_code,
    event_date,
    source_family_code,
    owner_directorate_code
