-- Which groups say it more, and which less?
select
    year_name,
    place_code,
    source_code,
    measure_code,
    theme_name,
    group_name,
    group_saying_count,
    group_count,
    group_share,
    rest_saying_count,
    rest_count,
    rest_share,
    difference,
    difference_low,
    difference_high,
    ratio,
    ratio_low,
    ratio_high,
    gap_direction_code,
    comparison_count,
    coverage,
    gap_code
from marts.equity_gap
order by year_name, place_code, source_code, measure_code, theme_name, dimension_code, group_name
