select
    source_scheme_code,
    source_code,
    people_group_code,
    is_approximate
from {{ ref('people_group_bridge') }}
