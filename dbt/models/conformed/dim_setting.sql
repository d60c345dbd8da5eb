select
    setting_code,
    setting_name,
    setting_group_code,
    setting_group_name
from {{ ref('setting') }}
