{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='order_date',
    indexes=[{'columns': ['order_date']}]
) }}

select
    event_id as order_id,
    user_id,
    session_id,
    event_time as ordered_at,
    event_date as order_date,
    item_id,
    revenue_cents / price_cents as quantity,
    revenue_cents
from {{ ref('stg_events') }}
where event_name = 'purchase'
{%- if is_incremental() %}
and {{ is_on_open_day('event_time', 'order_date') }}
{%- endif %}
order by order_date
