{{ config(alias='theme_evidence') }}

{%- set key = ['theme_code', 'organisation_ods_code', 'quarter_start_date', 'source_family_code', 'owner_directorate_code'] %}
{%- set counts = ['complaint_count', 'positive_count', 'negative_count'] %}
{%- set splits = [] %}
{%- for count in counts %}
{%- do splits.append(part_and_rest('feedback_count', count)) %}
{%- endfor %}

with counted as (
    {{ with_withheld(ref('theme_evidence'), key, splits) }}
)

select
    theme_code,
    theme_name,
    organisation_ods_code,
    organisation_name,
    icb_code,
    current_ods_code,
    current_icb_code,
    quarter_start_date,
    source_family_code,
    owner_directorate_code,
    {%- for count in ['feedback_count'] + counts %}
    {{ shown(count) }} as {{ count }},
    {%- endfor %}
    {{ shown('weighted_count', ['feedback_count']) }} as weighted_count,
    {{ shown('first_event_date', ['feedback_count']) }} as first_event_date,
    {{ shown('last_event_date', ['feedback_count']) }} as last_event_date,
    {{ any_withheld(['feedback_count'] + counts) }} as is_suppressed
from counted
