-- A chain of ten steps may go on: bridge_organisation_successor must follow more generations.
select
    ods_code,
    successor_ods_code
from {{ ref('bridge_organisation_successor') }}
where generation >= 10
