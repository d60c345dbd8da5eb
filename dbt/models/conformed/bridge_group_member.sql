select
    group_scheme_code as dimension_code,
    'own' as group_level_code,
    people_group_code as group_code,
    people_group_name as group_name,
    people_group_code
from {{ ref('dim_people_group') }}
where is_known
union all
select
    people_group_code as dimension_code,
    'own' as group_level_code,
    people_group_code as group_code,
    people_group_name as group_name,
    people_group_code
from {{ ref('dim_people_group') }}
where people_group_code in ('learning_disability', 'disability')
union all
select
    group_scheme_code as dimension_code,
    'broad' as group_level_code,
    'broad_' || broad_group_code as group_code,
    broad_group_name as group_name,
    people_group_code
from {{ ref('dim_people_group') }}
where is_known and broad_group_code is not null
