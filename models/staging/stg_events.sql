select
    event_id,
    user_id,
    session_id,
    event_time,
    {{ utc_date('event_time') }} as event_date,
    event_name,
    platform,
    geo,
    device,
    experiment_id,
    variant,
    item_id,
    price_cents,
    revenue_cents
from {{ source('product', 'events') }}
