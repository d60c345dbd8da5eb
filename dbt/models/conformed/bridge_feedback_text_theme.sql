select
    labels.feedback_id,
    labels.part_name,
    labels.theme_code,
    labels.theme_confidence as confidence,
    texts.model_version,
    {{ exploration() }} as caveat
from {{ source('ops', 'text_label') }} as labels
inner join {{ ref('fct_text_label') }} as texts
    on
        labels.feedback_id = texts.feedback_id
        and labels.part_name = texts.part_name
where labels.theme_code is not null
