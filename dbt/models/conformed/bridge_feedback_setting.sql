with named as (
    select
        feedback_id,
        'ko41a_service' as source_scheme_code,
        service_code as source_code
    from {{ ref('fct_complaint') }}
    where service_code is not null
    union all
    select
        feedback_id,
        'fft_setting' as source_scheme_code,
        setting_code as source_code
    from {{ ref('fct_survey_return') }}
    where setting_code is not null
)

select
    named.feedback_id,
    settings.setting_code,
    settings.setting_group_code
from named
inner join {{ ref('setting_crosswalk') }} as crosswalk
    on named.source_scheme_code = crosswalk.source_scheme_code and named.source_code = crosswalk.source_code
inner join {{ ref('dim_setting') }} as settings on crosswalk.setting_code = settings.setting_code
