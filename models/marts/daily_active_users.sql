{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='date_day',
    indexes=[{'columns': ['date_day'], 'unique': true}]
) }}

-- A user counts for WAU on the day of activity and the six after it, for MAU on 29 more. Days that the next
-- activity covers again count once: each activity adds a user on its day, and takes the user off when the window has
-- run out or the next activity takes over. The running sum of both is the number of active users, and no activity
-- before the last 30 days has a say in it.
with activity as (

    select
        user_id,
        activity_date,
        sessions,
        seconds,
        events,
        orders,
        revenue,
        lead(activity_date) over (partition by user_id order by activity_date) as next_date
    from {{ ref('daily_user_metrics') }}
    {%- if is_incremental() %}
    where {{ is_open_day('activity_date', 'date_day', more_days=30) }}
    {%- endif %}

),

arrivals as (

    select
        activity_date as date_day,
        count(*) as dau,
        sum(sessions) as sessions,
        -- Exact, so that the order of rows does not show in the last digit.
        sum(seconds::numeric) as seconds,
        sum(events) as events,
        count(*) filter (where orders > 0) as buyers,
        sum(orders) as orders,
        sum(revenue) as revenue
    from activity
    group by activity_date

),

-- Whoever signs up is active on that day.
newcomers as (

    select signup_date as date_day, count(*) as new_users
    from {{ ref('int_users') }}
    {%- if is_incremental() %}
    where {{ is_on_open_day('signup_time', 'date_day') }}
    {%- endif %}
    group by signup_date

),

{%- for name, days in [('week', 7), ('month', 30)] %}

{{ name }}_departures as (

    select least(activity_date + {{ days }}, next_date) as date_day, count(*) as users
    from activity
    group by 1

),
{%- endfor %}

spine as (

    select date_day
    from ({{ date_spine() }}) as dates
    {%- if is_incremental() %}
    where {{ is_open_day('date_day', 'date_day', more_days=30) }}
    {%- endif %}

),

days as (

    select
        spine.date_day,
        coalesce(arrivals.dau, 0) as dau,
        (sum(coalesce(arrivals.dau, 0) - coalesce(week_departures.users, 0)) over until_then)::bigint as wau,
        (sum(coalesce(arrivals.dau, 0) - coalesce(month_departures.users, 0)) over until_then)::bigint as mau,
        coalesce(newcomers.new_users, 0) as new_users,
        coalesce(arrivals.sessions, 0) as sessions,
        coalesce(arrivals.events, 0) as events,
        {{ rate('arrivals.sessions', 'arrivals.dau') }} as sessions_per_user,
        {{ rate('arrivals.seconds', 'arrivals.sessions') }} as seconds_per_session,
        coalesce(arrivals.buyers, 0) as buyers,
        coalesce(arrivals.orders, 0) as orders,
        coalesce(arrivals.revenue, 0) as revenue,
        {{ rate('arrivals.revenue', 'arrivals.dau') }} as revenue_per_active_user
    from spine
    left join arrivals on spine.date_day = arrivals.date_day
    left join newcomers on spine.date_day = newcomers.date_day
    left join week_departures on spine.date_day = week_departures.date_day
    left join month_departures on spine.date_day = month_departures.date_day
    window until_then as (order by spine.date_day)

)

select *
from days
{%- if is_incremental() %}
where {{ is_open_day('date_day', 'date_day') }}
{%- endif %}
order by date_day
