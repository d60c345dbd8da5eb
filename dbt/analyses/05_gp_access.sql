-- What is the spread of good experience of contacting the practice, by sub-ICB, PCN and practice?
-- marts.gp_access has each practice with its interval and base.
select
    survey_year,
    area_level_code,
    area_code,
    practice_count,
    suppressed_practice_count,
    lowest_proportion,
    p10_proportion,
    median_proportion,
    p90_proportion,
    highest_proportion,
    spread_max_min,
    spread_p90_p10
from marts.gp_access_spread
order by survey_year desc, area_level_code asc, spread_max_min desc
