-- Do teams with better staff engagement have better patient experience?
-- Association only: the correlation is of changes within trusts, of one setting, and empty below 10 pairs.
select
    setting_code,
    survey_year,
    organisation_ods_code,
    organisation_name,
    engagement_score,
    staff_count,
    positive_share,
    answer_count,
    engagement_change,
    positive_share_change,
    rank_correlation,
    pair_count
from published.staff_patient
order by setting_code asc, survey_year desc, organisation_ods_code asc
