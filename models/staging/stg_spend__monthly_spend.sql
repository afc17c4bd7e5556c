select
    user_id,
    month,
    spend_cents
from {{ source('spend', 'monthly_spend') }}
