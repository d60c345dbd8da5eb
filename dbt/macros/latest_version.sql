{#
  The current version of each record: the latest by version_at, then by landing.
  Rows that the source removed stay, with is_removed; whoever builds facts leaves them out.
#}
{% macro latest_version(relation, key) -%}
    select *
    from (
        select
            records.*,
            row_number() over (
                partition by {% for column in key %}coalesce(cast(records.{{ column }} as varchar), ''){% if not loop.last %}, {% endif %}{% endfor %}
                order by records.version_at desc, records.submission_id desc, records.line_number desc
            ) as version_rank
        from {{ relation }} as records
    ) as ranked
    where ranked.version_rank = 1
{%- endmacro %}
