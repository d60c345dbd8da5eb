select
    populations.denominator_code,
    populations.area_code,
    populations.area_type_code,
    populations.icb_ons_code,
    populations.as_of_date,
    populations.group_scheme_code,
    populations.group_code,
    populations.group_name,
    populations.is_total,
    populations.sex_code,
    populations.age_code,
    populations.people_count,
    organisations.organisation_key,
    organisations.icb_code,
    organisations.current_ods_code,
    organisations.current_icb_code
from {{ ref('stg_population') }} as populations
{{ organisation_at('populations.area_code', 'populations.as_of_date') }}
where not populations.is_removed
