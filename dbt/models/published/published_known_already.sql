{{ config(alias='known_already') }}

{#
  A total over the quarters gives away the one quarter that is withheld. It is shown where no cell of
  published.theme_evidence that adds up to it is withheld, or where those that are hide each other:
  two of them, and 3 more in them than 1 each (withhold.sql says why).
#}
with quarters as (
    select
        theme_code,
        coalesce(current_ods_code, organisation_ods_code) as organisation_ods_code,
        sum(feedback_count) as shown_count,
        sum(case when feedback_count is null then 1 else 0 end) as withheld_cells
    from {{ ref('published_theme_evidence') }}
    group by theme_code, coalesce(current_ods_code, organisation_ods_code)
),

judged as (
    select
        known.*,
        {{ is_small('known.feedback_count') }}
        or quarters.withheld_cells = 1
        or (
            quarters.withheld_cells > 1
            and known.feedback_count - coalesce(quarters.shown_count, 0) - quarters.withheld_cells < 3
        ) as is_withheld
    from {{ ref('known_already') }} as known
    left join quarters
        on known.theme_code = quarters.theme_code and known.organisation_ods_code = quarters.organisation_ods_code
    where known.service_scheme_code = 'all'
)

select
    theme_code,
    theme_name,
    organisation_ods_code,
    organisation_name,
    icb_code,
    cast({{ dbt.date_trunc('quarter', 'first_event_date') }} as date) as first_quarter_start_date,
    cast({{ dbt.date_trunc('quarter', 'last_event_date') }} as date) as last_quarter_start_date,
    case when not coalesce(is_withheld, false) then feedback_count end as feedback_count,
    family_count,
    source_families,
    directorate_count,
    owner_directorates,
    strength_code,
    action_count,
    open_action_count,
    done_action_count,
    told_back_action_count,
    last_done_date,
    last_told_back_date,
    action_keys,
    coalesce(is_withheld, false) as is_suppressed
from judged
