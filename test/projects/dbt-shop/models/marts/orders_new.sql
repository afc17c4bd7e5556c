select order_id, amount, ordered_on from {{ ref('stg_orders') }}
