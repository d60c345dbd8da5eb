{#
  Joins dim_organisation as it was on a day: `organisations`, at most one row.
  Names and parents are those of that day; current_* are those of today.
#}
{% macro organisation_at(ods_code, day) -%}
    left join {{ ref('dim_organisation') }} as organisations
        on
            {{ ods_code }} = organisations.ods_code
            and {{ day }} >= organisations.valid_from_date
            and ({{ day }} <= organisations.valid_to_date or organisations.valid_to_date is null)
{%- endmacro %}
