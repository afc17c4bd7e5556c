select
    user_id,
    month,
    sessions
from {{ source('spend', 'monthly_activity') }}
