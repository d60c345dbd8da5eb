select
    theme_code,
    theme_name,
    change_type_code,
    second_change_type_code,
    theme_code not in ('T00', 'T99') as is_theme
from {{ ref('theme') }}
