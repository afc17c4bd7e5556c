-- A test is a query that must return no rows: here, that no revenue is lost on the way.
select customers.revenue, orders.revenue
from (select sum(revenue) as revenue from {{ ref('customers') }}) as customers
cross join (select sum(amount) as revenue from {{ ref('stg_orders') }}) as orders
where customers.revenue is distinct from orders.revenue
