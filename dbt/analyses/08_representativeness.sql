-- Which groups appear in no source at all this year?
select
    year_name,
    place_code,
    group_name,
    count(distinct source_code) as source_count,
    count(distinct case when known_count > 0 then source_code end) as telling_source_count,
    case
        when max(known_count) = 0 then 'no source tells of this group'
        else 'heard by none of the sources that tell of it'
    end as why,
    max(known_count) as largest_known_count,
    max(people_count) as people_count
from marts.representativeness
where group_level_code = 'own' and (not is_heard_anywhere or is_heard_anywhere is null)
group by year_name, place_code, group_name
order by year_name, place_code, group_name
