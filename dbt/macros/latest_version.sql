{#
  The current version of each record: the latest by version_at; of two with the same version_at,
  the one that landed later (a corrected file need not touch the source's own time of change).
  Rows that the source removed stay, with is_removed; whoever builds facts leaves them out.
  Where a record is several rows (the answers of a return), all rows of its latest version are current:
  what that version lacks is gone.
#}
{% macro latest_version(relation, key, is_several_rows=false) -%}
    select *
    from (
        select
            records.*,
            {{ 'rank' if is_several_rows else 'row_number' }}() over (
                partition by
                    {%- for column in key %}
                    coalesce(cast(records.{{ column }} as varchar), ''){% if not loop.last %},{% endif %}
                    {%- endfor %}
                order by
                    records.version_at desc,
                    submissions.landed_at desc,
                    records.submission_id desc,
                    records.line_number desc
            ) as version_rank
        from {{ relation }} as records
        left join {{ source('ops', 'submission') }} as submissions
            on records.submission_id = submissions.submission_id
    ) as ranked
    where ranked.version_rank = 1
{%- endmacro %}
