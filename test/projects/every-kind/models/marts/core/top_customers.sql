select * from {{ ref('customers', v=2) }} where total > {{ limit_of() }}
