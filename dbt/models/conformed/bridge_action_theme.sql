with actions as (
    select * from {{ ref('fct_improvement_action') }}
),

listed as (
    {{ json_text_rows('actions', ['action_key'], 'theme_codes') }}
)

select distinct
    listed.action_key,
    coalesce(themes.theme_code, 'T99') as theme_code
from listed
left join {{ ref('dim_theme') }} as themes on listed.item = themes.theme_code
where listed.item is not null
