{{ config(enabled=var('event_source', 'product') == 'product') }}
{%- set launch = "date '" ~ var('start_date') ~ "'" %}

-- What became of the carts of each user in periods of 30 days, around the days on which express delivery came to some
-- countries (62 and 92). Users whom another experiment made buy more in that time are left out, in all countries alike;
-- later ones began on day 108, which ends the last period early.
select
    days.user_id,
    users.country,
    users.device_type,
    users.acquisition_channel,
    {{ launch }} + 2 + 30 * ((days.activity_date - {{ launch }} - 2) / 30) as period_start,
    sum(days.carts)::int as carts,
    sum(days.orders)::int as orders,
    sum(days.orders)::float8 / sum(days.carts) as order_rate
from {{ ref('daily_user_metrics') }} as days
inner join {{ ref('int_users') }} as users on days.user_id = users.user_id
where days.activity_date >= {{ launch }} + 2
    and days.activity_date < {{ launch }} + 107
    and not exists (
        select 1
        from {{ ref('stg_assignments') }} as assignments
        where assignments.user_id = days.user_id
            and assignments.experiment_id = 'local_prices'
            and assignments.variant = 'treatment'
    )
group by 1, 2, 3, 4, 5
having sum(days.carts) > 0
