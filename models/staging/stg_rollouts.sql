select
    feature,
    country,
    started_at,
    {{ utc_date('started_at') }} as start_date
from {{ source('product', 'rollouts') }}
