{# Labels of texts that are no longer there, or not again since a later version of them was loaded, are left out. #}
with texts as (
    select
        feedback_id,
        part_name
    from {{ ref('published_narrative') }}
),

{# What is said of a text stands in each of its rows. #}
labels as (
    select
        feedback_id,
        part_name,
        min(severity_code) as severity_code,
        min(severity_confidence) as severity_confidence,
        count(theme_code) as theme_count,
        min(model_version) as model_version,
        min(labelled_at) as labelled_at
    from {{ source('ops', 'text_label') }}
    group by feedback_id, part_name
)

select
    labels.feedback_id,
    labels.part_name,
    labels.severity_code,
    labels.severity_confidence,
    labels.theme_count,
    labels.model_version,
    labels.labelled_at,
    {{ exploration() }} as caveat
from labels
inner join texts
    on
        labels.feedback_id = texts.feedback_id
        and labels.part_name = texts.part_name
