{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='entry_date',
    indexes=[{'columns': ['entry_date']}]
) }}

-- When each step of the funnels was first reached within a session, after the step before it.
with sessions as not materialized (

    select session_id, user_id, session_date, first_view_at, first_search_at
    from {{ ref('int_sessions') }}
    {%- if is_incremental() %}
    where {{ is_open_day('session_date', 'entry_date') }}
    {%- endif %}

),

steps as (

    select session_id, event_name, event_time
    from {{ ref('stg_events') }}
    where event_name in ('add_to_cart', 'play')
    {%- if is_incremental() %}
    and {{ is_on_open_day('event_time', 'entry_date') }}
    {%- endif %}

),

orders as (

    select session_id, ordered_at
    from {{ ref('int_orders') }}
    {%- if is_incremental() %}
    where {{ is_open_day('order_date', 'entry_date') }}
    {%- endif %}

),

second_steps as (

    select
        sessions.session_id,
        min(steps.event_time) filter (
            where steps.event_name = 'add_to_cart' and steps.event_time > sessions.first_view_at
        ) as carted_at,
        min(steps.event_time) filter (
            where steps.event_name = 'play' and steps.event_time > sessions.first_search_at
        ) as played_at
    from sessions
    inner join steps on sessions.session_id = steps.session_id
    group by sessions.session_id

),

third_steps as (

    select second_steps.session_id, min(orders.ordered_at) as ordered_at
    from second_steps
    inner join orders
        on second_steps.session_id = orders.session_id and orders.ordered_at > second_steps.carted_at
    group by second_steps.session_id

)

select
    sessions.session_id,
    sessions.user_id,
    sessions.session_date as entry_date,
    sessions.first_view_at as viewed_at,
    second_steps.carted_at,
    third_steps.ordered_at,
    sessions.first_search_at as searched_at,
    second_steps.played_at
from sessions
left join second_steps on sessions.session_id = second_steps.session_id
left join third_steps on sessions.session_id = third_steps.session_id
order by entry_date
