-- Who is under-represented in each source against the registered or resident population?
select
    year_name,
    place_code,
    source_name,
    denominator_code,
    dimension_code,
    group_name,
    feedback_count,
    known_count,
    all_count,
    coverage,
    feedback_share,
    population_share,
    representation_index,
    representation_index_low,
    representation_index_high,
    representation_code,
    dissimilarity,
    is_approximate,
    gap_code
from marts.representativeness
where group_level_code = 'broad' or dimension_code <> 'ethnic_2001'
order by year_name, place_code, source_name, denominator_code, dimension_code, representation_index, group_name
