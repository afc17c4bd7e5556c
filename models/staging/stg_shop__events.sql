-- One row per event, with an instant. An event whose time says nothing happened no earlier than the event before it
-- in its session, and gets that time; what comes first gets that of the next. A product that is missing is the one of
-- the event next to it, where a cart or an order must be of what was seen.
{{ config(materialized='table') }}

with once as (

    select distinct event_id, session_id, customer_id, event_time, event_name, product_id
    from {{ source('shop', 'events') }}

),

timed as (

    select
        once.event_id,
        once.session_id,
        once.customer_id,
        once.event_name,
        once.product_id,
        {{ shop_instant('once.event_time', 'countries.time_zone') }} as event_time
    from once
    inner join {{ source('shop', 'sessions') }} as sessions
        on once.session_id = sessions.session_id
    inner join {{ ref('countries') }} as countries
        on sessions.country = countries.country

),

plausible as (

    select
        event_id,
        session_id,
        customer_id,
        event_name,
        product_id,
        case when {{ shop_period('event_time') }} then event_time end as event_time
    from timed

),

neighbours as (

    select
        *,
        max(event_time) over (partition by session_id order by event_id) as time_before,
        min(event_time) over (
            partition by session_id order by event_id rows between current row and unbounded following
        ) as time_after,
        case event_name
            when 'view' then lead(case when event_name = 'add_to_cart' then product_id end)
                over (partition by session_id order by event_id)
            else lag(product_id) over (partition by session_id order by event_id)
        end as product_beside,
        lead(product_id) over (partition by session_id order by event_id) as product_after
    from plausible

)

select
    event_id,
    session_id,
    customer_id,
    coalesce(event_time, time_before, time_after) as event_time,
    event_time is null as time_imputed,
    event_name,
    case
        when event_name = 'visit' then null
        when event_name = 'view' then coalesce(product_id, product_beside)
        else coalesce(product_id, product_beside, product_after)
    end as product_id
from neighbours
