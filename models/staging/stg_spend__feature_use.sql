select
    user_id,
    first_used_at
from {{ source('spend', 'feature_use') }}
