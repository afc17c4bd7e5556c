{{ config(tags=['daily'], meta={'owner': 'ann'}) }}
select order_id, customer_id, {{ toolbox.rounded('amount') }} as amount, ordered_at::date as ordered_on
from {{ ref('raw_orders') }}
