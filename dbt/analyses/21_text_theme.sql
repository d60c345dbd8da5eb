-- What do people's own words speak of that nobody has coded?
-- For exploration: read the comments. A trained model found these themes; it leaves out what it is not sure of, of some
-- themes far more than of others, so don't rank themes by their counts. Empty without a model (samepicture train).
select
    theme_name,
    organisation_ods_code,
    organisation_name,
    quarter_start_date,
    uncoded_count,
    comment_count,
    read_count,
    strong_count,
    mild_count,
    severity_unsure_count,
    mean_confidence,
    model_version,
    caveat
from marts.text_theme
where uncoded_count > 0
order by quarter_start_date desc, organisation_name asc, theme_name asc
