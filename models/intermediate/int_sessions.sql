{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='session_date',
    indexes=[{'columns': ['session_date']}]
) }}

with sessions as (

    select
        session_id,
        user_id,
        min(event_time) as session_start,
        max(event_time) as session_end,
        -- A session has one device and one place.
        min(platform) as platform,
        min(geo) as geo,
        min(device) as device,
        count(*) as events,
        count(*) filter (where event_name = 'view') as views,
        count(*) filter (where event_name = 'search') as searches,
        count(*) filter (where event_name = 'play') as plays,
        count(*) filter (where event_name = 'like') as likes,
        count(*) filter (where event_name = 'add_to_cart') as carts,
        count(*) filter (where event_name = 'purchase') as orders,
        coalesce(sum(revenue_cents), 0) as revenue_cents,
        min(event_time) filter (where event_name = 'view') as first_view_at,
        min(event_time) filter (where event_name = 'search') as first_search_at
    from {{ ref('stg_events') }}
    {%- if is_incremental() %}
    -- A session lasts less than a day; one that began the day before is read from its beginning and left out below.
    where {{ is_on_open_day('event_time', 'session_date', more_days=1) }}
    {%- endif %}
    group by session_id, user_id

)

select
    session_id,
    user_id,
    session_start,
    session_end,
    {{ utc_date('session_start') }} as session_date,
    extract(epoch from session_end - session_start)::float8 as session_length,
    case
        when carts > 0 or orders > 0 then 'shop'
        when plays * 2 >= events then 'listen'
        when searches * 3 >= events then 'search'
        else 'browse'
    end as primary_intent,
    platform,
    geo,
    device,
    events,
    views,
    searches,
    plays,
    likes,
    carts,
    orders,
    revenue_cents,
    first_view_at,
    first_search_at
from sessions
{%- if is_incremental() %}
where {{ is_on_open_day('session_start', 'session_date') }}
{%- endif %}
-- The rows of a day lie together, so that replacing them touches few pages.
order by session_date
