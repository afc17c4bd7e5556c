{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='activity_date',
    indexes=[{'columns': ['user_id', 'activity_date'], 'unique': true}, {'columns': ['activity_date']}]
) }}

select
    user_id,
    session_date as activity_date,
    count(*)::int as sessions,
    -- Intervals add up to the same whatever their order, which floats do not.
    extract(epoch from sum(session_end - session_start))::float8 as seconds,
    sum(events)::int as events,
    sum(views)::int as views,
    sum(searches)::int as searches,
    sum(plays)::int as plays,
    sum(likes)::int as likes,
    sum(carts)::int as carts,
    sum(orders)::int as orders,
    {{ cents_to_amount('sum(revenue_cents)') }} as revenue
from {{ ref('int_sessions') }}
{%- if is_incremental() %}
where {{ is_open_day('session_date', 'activity_date') }}
{%- endif %}
group by user_id, session_date
order by session_date
