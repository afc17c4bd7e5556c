select
    event_id as order_id,
    user_id,
    session_id,
    event_time as ordered_at,
    event_date as order_date,
    item_id,
    revenue_cents / price_cents as quantity,
    revenue_cents
from {{ ref('stg_events') }}
where event_name = 'purchase'
