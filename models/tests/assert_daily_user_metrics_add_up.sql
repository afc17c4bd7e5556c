-- Day by day, the mart has the sessions, events, orders and revenue that the sessions have.
with sessions as (

    select
        session_date as activity_date,
        count(*) as sessions,
        sum(events) as events,
        sum(orders) as orders,
        {{ cents_to_amount('sum(revenue_cents)') }} as revenue
    from {{ ref('int_sessions') }}
    group by session_date

),

mart as (

    select
        activity_date,
        sum(sessions) as sessions,
        sum(events) as events,
        sum(orders) as orders,
        sum(revenue) as revenue
    from {{ ref('daily_user_metrics') }}
    group by activity_date

)

select coalesce(sessions.activity_date, mart.activity_date) as activity_date
from sessions
full join mart on sessions.activity_date = mart.activity_date
where (sessions.sessions, sessions.events, sessions.orders, sessions.revenue)
    is distinct from (mart.sessions, mart.events, mart.orders, mart.revenue)
