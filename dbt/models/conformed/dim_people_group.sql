select
    people_group_code,
    group_scheme_code,
    group_code,
    people_group_name,
    broad_group_code,
    broad_group_name,
    is_known
from {{ ref('people_group') }}
