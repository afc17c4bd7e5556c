{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='entry_date',
    indexes=[{'columns': ['entry_date']}]
) }}

-- When each step was first reached from a user's first view or search of a day on, also in later sessions, within
-- {{ var('funnel_window_hours') }} hours of that first step. An order counts when it follows the first cart.
{%- set window = "interval '" ~ var('funnel_window_hours') ~ " hours'" %}
{%- set days_ahead = funnel_days_ahead() %}

with days as (

    select
        user_id,
        session_date as entry_date,
        min(first_view_at) as viewed_at,
        min(first_search_at) as searched_at
    from {{ ref('int_sessions') }}
    {%- if is_incremental() %}
    where {{ is_open_day('session_date', 'entry_date', more_days=days_ahead) }}
    {%- endif %}
    group by user_id, session_date

),

steps as (

    select user_id, event_name, event_time, event_date
    from {{ ref('stg_events') }}
    where event_name in ('add_to_cart', 'play')
    {%- if is_incremental() %}
    and {{ is_on_open_day('event_time', 'entry_date', more_days=days_ahead) }}
    {%- endif %}

),

orders as (

    select user_id, ordered_at, order_date
    from {{ ref('int_orders') }}
    {%- if is_incremental() %}
    where {{ is_open_day('order_date', 'entry_date', more_days=days_ahead) }}
    {%- endif %}

),

-- Each day meets the steps of the days that its window may reach.
second_steps as (

    select
        days.user_id,
        days.entry_date,
        days.viewed_at,
        min(steps.event_time) filter (
            where steps.event_name = 'add_to_cart'
            and steps.event_time > days.viewed_at
            and steps.event_time <= days.viewed_at + {{ window }}
        ) as carted_at,
        min(steps.event_time) filter (
            where steps.event_name = 'play'
            and steps.event_time > days.searched_at
            and steps.event_time <= days.searched_at + {{ window }}
        ) as played_at
    from days
    cross join generate_series(0, {{ days_ahead }}) as ahead (days)
    inner join steps
        on days.user_id = steps.user_id and days.entry_date + ahead.days = steps.event_date
    group by days.user_id, days.entry_date, days.viewed_at

),

third_steps as (

    select second_steps.user_id, second_steps.entry_date, min(orders.ordered_at) as ordered_at
    from second_steps
    cross join generate_series(0, {{ days_ahead }}) as ahead (days)
    inner join orders
        on second_steps.user_id = orders.user_id
        and second_steps.entry_date + ahead.days = orders.order_date
        and orders.ordered_at > second_steps.carted_at
        and orders.ordered_at <= second_steps.viewed_at + {{ window }}
    where second_steps.carted_at is not null
    group by second_steps.user_id, second_steps.entry_date

)

select
    days.user_id,
    days.entry_date,
    days.viewed_at,
    second_steps.carted_at,
    third_steps.ordered_at,
    days.searched_at,
    second_steps.played_at
from days
left join second_steps on days.user_id = second_steps.user_id and days.entry_date = second_steps.entry_date
left join third_steps on days.user_id = third_steps.user_id and days.entry_date = third_steps.entry_date
order by days.entry_date
