{#
  The rows of a model of records, each with place_code: all, and every declared place (place_member)
  that its organisation belongs to.
#}
{% macro at_places(model_name) -%}
    select
        'all' as place_code,
        records.*
    from {{ ref(model_name) }} as records
    union all
    select
        place_members.place_code,
        records.*
    from {{ ref(model_name) }} as records
    inner join {{ ref('place_member') }} as place_members
        on records.organisation_ods_code = place_members.member_code and place_members.member_kind_code = 'organisation'
{%- endmacro %}
