select * from {{ ref('customers', v='1') }}
