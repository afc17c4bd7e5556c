select count(*) as orders from {{ ref('daily_orders') }}
