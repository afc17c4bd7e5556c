select problem, problems_after
from {{ ref('b2b_data_quality') }}
where treatment <> 'kept as unknown' and problems_after > 0
