{{ config(materialized='incremental', unique_key='ordered_on', tags='slow', group='sales') }}
select o.ordered_on, count(c.customer_id) as customers, sum(o.amount) as revenue
from {{ ref('orders') }} as o
left join {{ ref('orders', v=1) }} as before using (order_id)
left join {{ ref('dbt_shop', 'stg_customers') }} as c on c.customer_id = o.order_id
{% if is_incremental() %}
where o.ordered_on >= (select max(ordered_on) from {{ this }})
{% endif %}
group by 1
