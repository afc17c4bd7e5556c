-- One row per event and item.
select
    events.event_key,
    events.event_time,
    events.event_name,
    items.place as item_place,
    items.item ->> 'item_id' as item_id,
    items.item ->> 'item_name' as item_name,
    items.item ->> 'item_category' as item_category,
    coalesce(items.item ->> 'price_in_usd', items.item ->> 'price')::numeric(14, 2) as price,
    (items.item ->> 'quantity')::integer as quantity
from {{ ref('stg_ga4__events') }} as events
cross join lateral jsonb_array_elements(coalesce(events.items, '[]')) with ordinality as items (item, place)
