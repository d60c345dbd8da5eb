{%- set attributes = ['region_code', 'icb_code', 'sub_icb_code', 'opened_date', 'closed_date'] -%}
with records as (
    select
        *,
        row_number() over (
            partition by ods_code
            order by version_at desc, case when role_code = 'other' then 1 else 0 end asc, role_code asc, feed_id asc
        ) as preference
    from {{ ref('stg_organisation') }}
    where not is_removed
),

told as (
    -- a feed tells of an attribute where any of its records has a value in it: only then does an empty one say "none";
    -- who is active has no closing day, whatever the feed
    select
        {%- for column in attributes %}
        max(case when records.{{ column }} is not null then 1 else 0 end) over (partition by records.feed_id) = 1
        {%- if column == 'closed_date' %} or records.status_code = 'active'{% endif %} as tells_{{ column }},
        {%- endfor %}
        records.*
    from records
),

preferred as (
    select
        {%- for column in attributes %}
        min(case when told.tells_{{ column }} then told.preference end) over (partition by told.ods_code) as preference_{{ column }},
        {%- endfor %}
        told.*
    from told
),

organisations as (
    select
        ods_code,
        {%- for column in attributes %}
        max(case when preference = preference_{{ column }} then {{ column }} end) as {{ column }},
        {%- endfor %}
        max(case when preference = 1 then organisation_name end) as organisation_name,
        max(case when preference = 1 then role_code end) as role_code
    from preferred
    group by ods_code
)

select
    cast(ods_code as varchar) as ods_code,
    cast(organisation_name as varchar) as organisation_name,
    cast(role_code as varchar) as role_code,
    cast(region_code as varchar) as region_code,
    -- Q and a digit was a regional office of NHS England, which older files give in place of an ICB
    cast(case when substring(icb_code, 2, 1) not between '0' and '9' then icb_code end as varchar) as icb_code,
    cast(sub_icb_code as varchar) as sub_icb_code,
    cast(coalesce(opened_date, cast('1900-01-01' as date)) as date) as opened_date,
    cast(coalesce(closed_date, cast('9999-12-31' as date)) as date) as closed_date
from organisations
