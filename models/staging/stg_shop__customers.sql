-- A country that is missing is the one that most sessions came from. An age that cannot be is left unknown, as one
-- that is missing: nothing else on record tells it.
with visited as (

    select
        customer_id,
        mode() within group (order by country) as country
    from {{ source('shop', 'sessions') }}
    group by customer_id

)

select
    customers.customer_id,
    customers.signed_up_on,
    coalesce(customers.country, visited.country) as country,
    customers.country is null and visited.country is not null as country_repaired,
    case when customers.age between 13 and 110 then customers.age end as age
from {{ source('shop', 'customers') }} as customers
left join visited
    on customers.customer_id = visited.customer_id
