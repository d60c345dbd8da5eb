{{ config(meta={'keyed_by': ['feedback_id']}) }}

{#- Of a source code in the crosswalk, and of a piece of feedback in the bridge. #}
select
    scheme_code,
    source_code,
    sum(weight) as total_weight
from {{ ref('theme_crosswalk') }}
group by scheme_code, source_code
having abs(sum(weight) - 1) > 0.000001

union all

select
    'feedback' as scheme_code,
    feedback_id as source_code,
    sum(weight) as total_weight
from {{ ref('bridge_feedback_theme') }}
group by feedback_id
having abs(sum(weight) - 1) > 0.000001
