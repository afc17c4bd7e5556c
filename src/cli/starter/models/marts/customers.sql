-- One row per customer.
select
  customer_id,
  min(ordered_on) as first_ordered_on,
  count(*) as orders,
  sum(amount) as revenue
from {{ ref('stg_orders') }}
group by customer_id
