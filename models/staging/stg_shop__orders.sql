-- One row per order. An order is placed at the end of its session, so one whose time says nothing gets that of the
-- purchase. An amount that was entered in dollars is a hundredth of what the pieces cost.
with once as (

    select distinct order_id, session_id, customer_id, ordered_at, product_id, quantity, amount_cents
    from {{ source('shop', 'orders') }}

),

purchases as (

    select
        session_id,
        min(event_time) as event_time
    from {{ ref('stg_shop__events') }}
    where event_name = 'purchase'
    group by session_id

),

timed as (

    select
        once.*,
        {{ shop_instant('once.ordered_at', 'countries.time_zone') }} as instant,
        products.price_cents * once.quantity as list_cents
    from once
    inner join {{ source('shop', 'sessions') }} as sessions
        on once.session_id = sessions.session_id
    inner join {{ ref('countries') }} as countries
        on sessions.country = countries.country
    inner join {{ ref('stg_shop__products') }} as products
        on once.product_id = products.product_id

)

select
    timed.order_id,
    timed.session_id,
    timed.customer_id,
    case when {{ shop_period('timed.instant') }} then timed.instant else purchases.event_time end as ordered_at,
    timed.product_id,
    timed.quantity,
    case when timed.amount_cents * 50 < timed.list_cents then timed.list_cents else timed.amount_cents end as amount_cents,
    timed.amount_cents * 50 < timed.list_cents as amount_repaired
from timed
left join purchases
    on timed.session_id = purchases.session_id
