{#
  The rows of a relation of records, or of counts of them, each with place_code: all, and every declared place (place_member)
  that its organisation belongs to.
#}
{% macro at_places(relation) -%}
    select
        'all' as place_code,
        records.*
    from {{ relation }} as records
    union all
    select
        place_members.place_code,
        records.*
    from {{ relation }} as records
    inner join {{ ref('place_member') }} as place_members
        on records.organisation_ods_code = place_members.member_code and place_members.member_kind_code = 'organisation'
{%- endmacro %}
