-- On any day an organisation has at most one row, and no row ends before it begins.
select
    earlier.ods_code,
    earlier.valid_from_date
from {{ ref('dim_organisation') }} as earlier
left join {{ ref('dim_organisation') }} as later
    on
        earlier.ods_code = later.ods_code
        and earlier.valid_from_date < later.valid_from_date
        and earlier.valid_to_date >= later.valid_from_date
where later.ods_code is not null or earlier.valid_to_date < earlier.valid_from_date
