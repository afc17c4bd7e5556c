{{ config(materialized='view') }}

-- The days since somebody signed up are others every day, for everybody: a table would be written anew each night.
with parts as (

    select user_id, active_days, last_active_date, sessions, carts, orders, revenue, first_order_date
    from {{ ref('int_user_totals') }}
    union all
    select
        user_id, 1, activity_date, sessions, carts, orders, revenue, case when orders > 0 then activity_date end
    from {{ ref('daily_user_metrics') }}
    where activity_date > (select coalesce(max(last_active_date), '-infinity') from {{ ref('int_user_totals') }})

),

activity as (

    select
        user_id,
        sum(active_days) as active_days,
        max(last_active_date) as last_active_date,
        sum(sessions) as sessions,
        sum(carts) as carts,
        sum(orders) as orders,
        sum(revenue) as revenue,
        min(first_order_date) as first_order_date
    from parts
    group by user_id

)

select
    users.user_id,
    users.signup_date,
    users.signup_week,
    users.acquisition_channel,
    users.country,
    users.region,
    users.device_type,
    {{ end_date() }} - users.signup_date as days_since_signup,
    coalesce(activity.active_days, 0)::bigint as active_days,
    activity.last_active_date,
    coalesce(activity.sessions, 0)::bigint as sessions,
    coalesce(activity.carts, 0)::bigint as carts,
    coalesce(activity.orders, 0)::bigint as orders,
    activity.first_order_date,
    coalesce(activity.revenue, 0)::numeric(14, 2) as revenue,
    (activity.revenue / nullif(activity.orders, 0))::numeric(14, 2) as average_order_value
from {{ ref('int_users') }} as users
left join activity on users.user_id = activity.user_id
