select
    user_id,
    converted,
    revenue_cents,
    complained
from {{ source('b2b', 'outcomes') }}
