-- One row per order, with the types and names that the rest of the project uses.
select
  order_id,
  customer_id,
  ordered_on::date as ordered_on,
  amount::numeric(12, 2) as amount
from {{ ref('raw_orders') }}
where amount >= {{ var('smallest_amount') }}
