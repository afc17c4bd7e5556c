-- One row per session, with an instant. A duration with the wrong sign has the right size; one that is missing is the
-- time from the first event to the last, which is short by the last pause where nothing was put into the cart.
with spans as (

    select
        session_id,
        extract(epoch from max(event_time) - min(event_time))::integer as seconds
    from {{ ref('stg_shop__events') }}
    group by session_id

)

select
    sessions.session_id,
    sessions.customer_id,
    {{ shop_instant('sessions.started_at', 'countries.time_zone') }} as started_at,
    {{ shop_instant('sessions.started_at', 'countries.time_zone') }} at time zone countries.time_zone as started_at_local,
    sessions.channel,
    sessions.device,
    sessions.country,
    sessions.page_views,
    coalesce(abs(sessions.duration_seconds), spans.seconds) as duration_seconds,
    sessions.duration_seconds is null or sessions.duration_seconds < 0 as duration_repaired
from {{ source('shop', 'sessions') }} as sessions
inner join {{ ref('countries') }} as countries
    on sessions.country = countries.country
left join spans
    on sessions.session_id = spans.session_id
