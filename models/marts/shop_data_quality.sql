-- What was wrong with the record of the shop, before and after cleaning: one row per check. What is repaired is told
-- from other rows, what is imputed is put in the place of what nobody knows, and what is unknown stays so.
{%- set bad = "event_time !~ '^(\\d{10}|2\\d{3}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d:\\d\\d(Z|[+-]\\d\\d:\\d\\d)?)$' or event_time like '2099-%'" %}
{%- set categories = "'Books & Media', 'Garden', 'Kitchen', 'Toys & Games', 'Sports', 'Electronics', 'Furniture', 'Clothing'" %}

with events as (

    select
        sum(times) as total,
        sum(times - 1) as duplicate,
        count(*) filter (where {{ bad }}) as bad_time,
        count(*) filter (where event_time ~ '^2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d$') as local_time,
        count(*) filter (where product_id is null and event_name <> 'visit') as missing_product
    from (
        select event_id, event_time, event_name, product_id, count(*) as times
        from {{ source('shop', 'events') }}
        group by event_id, event_time, event_name, product_id
    ) as once

),

clean_events as (

    select
        count(*) - count(distinct event_id) as duplicate,
        count(*) filter (where event_time is null) as bad_time,
        count(*) filter (where product_id is null and event_name <> 'visit') as missing_product
    from {{ ref('stg_shop__events') }}

),

orders as (

    select
        sum(times) as total,
        sum(times - 1) as duplicate,
        count(*) filter (where amount_cents * 50 < list_cents) as amount_in_dollars
    from (
        select orders.order_id, orders.amount_cents, count(*) as times, max(products.price_cents) * max(orders.quantity) as list_cents
        from {{ source('shop', 'orders') }} as orders
        inner join {{ ref('stg_shop__products') }} as products on orders.product_id = products.product_id
        group by orders.order_id, orders.amount_cents
    ) as once

),

clean_orders as (

    select
        count(*) - count(distinct orders.order_id) as duplicate,
        count(*) filter (where orders.amount_cents * 50 < products.price_cents * orders.quantity) as amount_in_dollars
    from {{ ref('stg_shop__orders') }} as orders
    inner join {{ ref('stg_shop__products') }} as products on orders.product_id = products.product_id

),

sessions as (

    select
        count(*) as total,
        count(*) filter (where duration_seconds is null) as missing_duration,
        count(*) filter (where duration_seconds < 0) as impossible_duration
    from {{ source('shop', 'sessions') }}

),

clean_sessions as (

    select
        count(*) filter (where duration_seconds is null) as missing_duration,
        count(*) filter (where duration_seconds < 0) as impossible_duration
    from {{ ref('stg_shop__sessions') }}

),

customers as (

    select
        count(*) as total,
        count(*) filter (where country is null) as missing_country,
        count(*) filter (where age is null) as missing_age,
        count(*) filter (where age not between 13 and 110) as impossible_age
    from {{ source('shop', 'customers') }}

),

clean_customers as (

    select
        count(*) filter (where country is null) as missing_country,
        count(*) filter (where age is null) as unknown_age,
        count(*) filter (where age not between 13 and 110) as impossible_age
    from {{ ref('stg_shop__customers') }}

),

{%- for name, relation in [('products', source('shop', 'products')), ('clean_products', ref('stg_shop__products'))] %}

{{ name }} as (

    select
        count(*) as total,
        count(*) filter (where category not in ({{ categories }})) as category_spelling,
        count(*) filter (where price_cents is null) as missing_price
    from {{ relation }}

){{ ',' if not loop.last }}
{%- endfor %}

select checks.*
from events, clean_events, orders, clean_orders, sessions, clean_sessions, customers, clean_customers, products,
    clean_products,
    lateral (values
        ('events', 'duplicate', 'dropped', events.total, events.duplicate, clean_events.duplicate),
        ('events', 'bad_time', 'imputed from the event before', events.total, events.bad_time, clean_events.bad_time),
        ('events', 'local_time', 'repaired by the time zone of the country', events.total, events.local_time, 0),
        ('events', 'missing_product', 'repaired from the event beside it, where one tells', events.total,
            events.missing_product, clean_events.missing_product),
        ('orders', 'duplicate', 'dropped', orders.total, orders.duplicate, clean_orders.duplicate),
        ('orders', 'amount_in_dollars', 'repaired by price and quantity', orders.total, orders.amount_in_dollars,
            clean_orders.amount_in_dollars),
        ('sessions', 'missing_duration', 'imputed from the events', sessions.total, sessions.missing_duration,
            clean_sessions.missing_duration),
        ('sessions', 'impossible_duration', 'repaired by its sign', sessions.total, sessions.impossible_duration,
            clean_sessions.impossible_duration),
        ('customers', 'missing_country', 'repaired from the sessions, where there are any', customers.total,
            customers.missing_country, clean_customers.missing_country),
        ('customers', 'missing_age', 'kept as unknown', customers.total, customers.missing_age, clean_customers.unknown_age),
        ('customers', 'impossible_age', 'made unknown', customers.total, customers.impossible_age,
            clean_customers.impossible_age),
        ('products', 'category_spelling', 'repaired', products.total, products.category_spelling,
            clean_products.category_spelling),
        ('products', 'missing_price', 'imputed from orders or category', products.total, products.missing_price,
            clean_products.missing_price)
    ) as checks (table_name, problem, treatment, rows_checked, problems_before, problems_after)
