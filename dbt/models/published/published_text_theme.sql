{{ config(alias='text_theme') }}

{%- set key = ['theme_code', 'organisation_ods_code', 'quarter_start_date'] %}
{%- set severities = ['not_critical_count', 'mild_count', 'strong_count', 'severity_unsure_count'] %}
{%- set splits = [
    part_and_rest('read_count', 'tagged_count'),
    part_and_rest('tagged_count', 'comment_count'),
    {'total': 'comment_count', 'by': 'severity', 'parts': dict(zip(severities, severities))},
    part_and_rest('comment_count', 'uncoded_count'),
] %}

with counted as (
    {{ with_withheld(ref('text_theme'), key, splits) }}
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
    {%- for count in ['read_count', 'tagged_count', 'comment_count', 'uncoded_count'] + severities %}
    {{ shown(count) }} as {{ count }},
    {%- endfor %}
    {{ shown('comment_share', ['read_count', 'comment_count']) }} as comment_share,
    {{ shown('mean_confidence', ['comment_count']) }} as mean_confidence,
    model_version,
    caveat,
    {{ any_withheld(['read_count', 'tagged_count', 'comment_count', 'uncoded_count'] + severities) }} as is_suppressed
from counted
