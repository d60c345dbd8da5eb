-- What do we already know about discharge, before we commission anything new?
-- Read the records: conformed.fct_feedback has them by record_ids, published.narrative their words once opened.
select
    organisation_ods_code,
    organisation_name,
    first_event_date,
    last_event_date,
    feedback_count,
    source_families,
    owner_directorates,
    strength_code,
    positive_count,
    negative_count,
    action_count,
    done_action_count,
    told_back_action_count,
    last_told_back_date,
    record_ids
from marts.known_already
where theme_code = 'T08' and service_scheme_code = 'all'
order by feedback_count desc, organisation_ods_code asc
