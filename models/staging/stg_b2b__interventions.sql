select
    user_id,
    nudged,
    nudged_at
from {{ source('b2b', 'interventions') }}
