{# Ten generations reach back far beyond the health authorities; the test organisation_succession_depth fails before one is lost. #}
{%- set generations = 10 -%}

with organisations as (
    select * from {{ ref('organisation_latest') }}
),

steps as (
    -- a CCG that ended in law but lives on as a sub-ICB location was not succeeded by its ICB
    select
        relationships.from_ods_code as ods_code,
        relationships.to_ods_code as successor_ods_code,
        min(relationships.start_date) as effective_date
    from {{ ref('stg_organisation_relationship') }} as relationships
    left join organisations as predecessors on relationships.from_ods_code = predecessors.ods_code
    left join organisations as followers on relationships.to_ods_code = followers.ods_code
    where
        relationships.relationship_code = 'succeeded_by'
        and not relationships.is_removed
        and relationships.from_ods_code <> relationships.to_ods_code
        and not coalesce(predecessors.role_code <> followers.role_code and predecessors.closed_date = cast('9999-12-31' as date), false)
    group by relationships.from_ods_code, relationships.to_ods_code
),

generation_1 as (
    select
        ods_code,
        successor_ods_code,
        effective_date,
        1 as generation
    from steps
),
{% for generation in range(2, generations + 1) %}
generation_{{ generation }} as (
    select
        earlier.ods_code,
        steps.successor_ods_code,
        greatest(earlier.effective_date, steps.effective_date) as effective_date,
        {{ generation }} as generation
    from generation_{{ generation - 1 }} as earlier
    inner join steps on earlier.successor_ods_code = steps.ods_code
    where steps.successor_ods_code <> earlier.ods_code
),
{% endfor %}
chains as (
    {%- for generation in range(1, generations + 1) %}
    select * from generation_{{ generation }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

successors as (
    select
        ods_code,
        successor_ods_code,
        min(effective_date) as effective_date,
        min(generation) as generation
    from chains
    group by ods_code, successor_ods_code
),

ended as (
    select distinct ods_code
    from steps
    where effective_date <= {{ today() }}
)

select
    cast(successors.ods_code as varchar) as ods_code,
    cast(successors.successor_ods_code as varchar) as successor_ods_code,
    cast(successors.effective_date as date) as effective_date,
    cast(successors.generation as integer) as generation,
    cast(successors.effective_date <= {{ today() }} and ended.ods_code is null as boolean) as is_final,
    cast(coalesce(predecessors.role_code = followers.role_code, true) as boolean) as is_same_kind
from successors
left join ended on successors.successor_ods_code = ended.ods_code
left join organisations as predecessors on successors.ods_code = predecessors.ods_code
left join organisations as followers on successors.successor_ods_code = followers.ods_code
