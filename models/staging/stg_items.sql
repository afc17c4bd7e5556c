select
    item_id,
    item_kind,
    category,
    {{ cents_to_amount('price_cents') }} as list_price
from {{ source('product', 'items') }}
