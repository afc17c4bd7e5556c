-- Revenue is the same in the raw log, by user, and by day.
with raw as (

    select {{ cents_to_amount('coalesce(sum(revenue_cents), 0)') }} as revenue
    from {{ ref('stg_events') }}

),

by_user as (

    select coalesce(sum(revenue), 0) as revenue
    from {{ ref('revenue_per_user') }}

),

by_day as (

    select coalesce(sum(revenue), 0) as revenue
    from {{ ref('daily_active_users') }}

)

select raw.revenue, by_user.revenue as user_revenue, by_day.revenue as day_revenue
from raw
cross join by_user
cross join by_day
where raw.revenue <> by_user.revenue or raw.revenue <> by_day.revenue
