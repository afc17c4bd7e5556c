select
    user_id,
    signed_up_on,
    country,
    invited
from {{ source('spend', 'users') }}
