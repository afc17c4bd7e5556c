{{ config(materialized='ephemeral') }}
select id as payment_id, customer_id, amount, {{ util_pkg.cents('amount') }} as cents, paid_on::date as paid_on
from {{ ref('raw_payments') }}
where amount >= {{ var('min_amount') }}
