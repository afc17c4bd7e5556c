-- Who began a funnel, when, and when the steps after it were first reached in their order. A step counts when it
-- follows the step before it: within the session, or within {{ var('funnel_window_hours') }} hours of the first step.
{%- set window = "interval '" ~ var('funnel_window_hours') ~ " hours'" %}
{%- set days_ahead = (var('funnel_window_hours') + 23) // 24 %}

with sessions as (

    select session_id, user_id, session_date, first_view_at, first_search_at
    from {{ ref('int_sessions') }}

),

carts as (

    select session_id, user_id, event_time, event_date
    from {{ ref('stg_events') }}
    where event_name = 'add_to_cart'

),

plays as (

    select session_id, user_id, event_time, event_date
    from {{ ref('stg_events') }}
    where event_name = 'play'

),

orders as (

    select session_id, user_id, ordered_at, order_date
    from {{ ref('int_orders') }}

),

-- Within one session.
session_carts as (

    select sessions.session_id, min(carts.event_time) as carted_at
    from sessions
    inner join carts
        on sessions.session_id = carts.session_id and sessions.first_view_at < carts.event_time
    group by sessions.session_id

),

session_orders as (

    select session_carts.session_id, min(orders.ordered_at) as ordered_at
    from session_carts
    inner join orders
        on session_carts.session_id = orders.session_id and session_carts.carted_at < orders.ordered_at
    group by session_carts.session_id

),

session_plays as (

    select sessions.session_id, min(plays.event_time) as played_at
    from sessions
    inner join plays
        on sessions.session_id = plays.session_id and sessions.first_search_at < plays.event_time
    group by sessions.session_id

),

-- From the user's first view or search of a day on, across sessions.
days as (

    select
        user_id,
        session_date as entry_date,
        min(first_view_at) as viewed_at,
        min(first_search_at) as searched_at
    from sessions
    group by user_id, session_date

),

day_carts as (

    select days.user_id, days.entry_date, min(carts.event_time) as carted_at
    from days
    cross join generate_series(0, {{ days_ahead }} + 1) as ahead (days)
    inner join carts
        on days.user_id = carts.user_id
        and days.entry_date + ahead.days = carts.event_date
        and carts.event_time > days.viewed_at
        and carts.event_time <= days.viewed_at + {{ window }}
    group by days.user_id, days.entry_date

),

day_orders as (

    select day_carts.user_id, day_carts.entry_date, min(orders.ordered_at) as ordered_at
    from day_carts
    inner join days on day_carts.user_id = days.user_id and day_carts.entry_date = days.entry_date
    cross join generate_series(0, {{ days_ahead }} + 1) as ahead (days)
    inner join orders
        on day_carts.user_id = orders.user_id
        and day_carts.entry_date + ahead.days = orders.order_date
        and orders.ordered_at > day_carts.carted_at
        and orders.ordered_at <= days.viewed_at + {{ window }}
    group by day_carts.user_id, day_carts.entry_date

),

day_plays as (

    select days.user_id, days.entry_date, min(plays.event_time) as played_at
    from days
    cross join generate_series(0, {{ days_ahead }} + 1) as ahead (days)
    inner join plays
        on days.user_id = plays.user_id
        and days.entry_date + ahead.days = plays.event_date
        and plays.event_time > days.searched_at
        and plays.event_time <= days.searched_at + {{ window }}
    group by days.user_id, days.entry_date

)

select
    'view_to_purchase' as funnel,
    'session' as scope,
    sessions.user_id,
    sessions.session_date as entry_date,
    sessions.first_view_at as step_1_at,
    session_carts.carted_at as step_2_at,
    session_orders.ordered_at as step_3_at
from sessions
left join session_carts on sessions.session_id = session_carts.session_id
left join session_orders on sessions.session_id = session_orders.session_id
where sessions.first_view_at is not null

union all

select 'search_to_play', 'session', sessions.user_id, sessions.session_date,
    sessions.first_search_at, session_plays.played_at, null
from sessions
left join session_plays on sessions.session_id = session_plays.session_id
where sessions.first_search_at is not null

union all

select 'view_to_purchase', 'window', days.user_id, days.entry_date,
    days.viewed_at, day_carts.carted_at, day_orders.ordered_at
from days
left join day_carts on days.user_id = day_carts.user_id and days.entry_date = day_carts.entry_date
left join day_orders on days.user_id = day_orders.user_id and days.entry_date = day_orders.entry_date
where days.viewed_at is not null

union all

select 'search_to_play', 'window', days.user_id, days.entry_date,
    days.searched_at, day_plays.played_at, null
from days
left join day_plays on days.user_id = day_plays.user_id and days.entry_date = day_plays.entry_date
where days.searched_at is not null
