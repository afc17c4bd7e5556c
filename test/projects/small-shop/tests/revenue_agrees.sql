select 1
from (select sum(revenue) as total from {{ ref('customers') }}) as marts,
     (select sum(amount) as total from {{ ref('stg_orders') }}) as staging
where marts.total is distinct from staging.total
