-- Where do two families of sources contradict each other?
-- Clear ones first; complaints criticise by nature.
select
    organisation_name,
    theme_name,
    quarter_start_date,
    praising_family_code,
    praising_positive_share,
    praising_positive_share_low,
    praising_positive_share_high,
    praising_positive_count + praising_negative_count as praising_count,
    criticising_family_code,
    criticising_positive_share,
    criticising_positive_share_low,
    criticising_positive_share_high,
    criticising_positive_count + criticising_negative_count as criticising_count,
    is_clear
from marts.contradictions
order by is_clear desc, quarter_start_date desc, organisation_ods_code asc, theme_code asc
