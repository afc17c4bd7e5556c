select order_id, customer_id, ordered_on, amount
from {{ ref('raw_orders') }}
where amount >= {{ var('smallest_amount') }}
