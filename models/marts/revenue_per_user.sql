with activity as (

    select
        user_id,
        count(*) as active_days,
        max(activity_date) as last_active_date,
        sum(sessions) as sessions,
        sum(carts) as carts,
        sum(orders) as orders,
        sum(revenue) as revenue,
        min(activity_date) filter (where orders > 0) as first_order_date
    from {{ ref('daily_user_metrics') }}
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
    coalesce(activity.active_days, 0) as active_days,
    activity.last_active_date,
    coalesce(activity.sessions, 0) as sessions,
    coalesce(activity.carts, 0) as carts,
    coalesce(activity.orders, 0) as orders,
    activity.first_order_date,
    coalesce(activity.revenue, 0)::numeric(14, 2) as revenue,
    (activity.revenue / nullif(activity.orders, 0))::numeric(14, 2) as average_order_value
from {{ ref('int_users') }} as users
left join activity on users.user_id = activity.user_id
