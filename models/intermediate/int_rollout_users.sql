{{ config(enabled=var('event_source', 'product') == 'product') }}
{%- set launch = "date '" ~ var('start_date') ~ "'" %}

-- One row per user with a cart from day 62 on, of the countries to which express delivery came on that day and of those
-- to which it never came.
select
    carts.user_id,
    rollouts.country is not null as had_express_delivery,
    carts.device_type,
    carts.acquisition_channel,
    sum(carts.carts) as carts,
    sum(carts.orders)::float8 / sum(carts.carts) as order_rate
from {{ ref('int_rollout_carts') }} as carts
left join {{ ref('stg_rollouts') }} as rollouts
    on carts.country = rollouts.country
    and rollouts.feature = 'express_delivery'
where carts.period_start >= {{ launch }} + 62
    and coalesce(rollouts.start_date, {{ launch }} + 62) = {{ launch }} + 62
group by 1, 2, 3, 4
