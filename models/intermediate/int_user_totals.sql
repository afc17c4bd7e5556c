{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='user_id',
    indexes=[{'columns': ['user_id'], 'unique': true}, {'columns': ['last_active_date']}]
) }}
{%- set sums = ['sessions', 'carts', 'orders', 'revenue'] %}

-- What each user did up to the days that may still change. An increment adds the days that have come to be settled
-- since: those after the last one that is in here.
with days as not materialized (

    select user_id, activity_date, {{ sums | join(', ') }}
    from {{ ref('daily_user_metrics') }}
    {%- if is_incremental() %}
    where activity_date > (select coalesce(max(last_active_date), '-infinity') from {{ this }})
    {%- endif %}

),

settled as (

    select
        user_id,
        count(*) as active_days,
        max(activity_date) as last_active_date,
        {%- for name in sums %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        min(activity_date) filter (where orders > 0) as first_order_date
    from days
    where activity_date < (select max(activity_date) - {{ var('lookback_days') }} from days)
    group by user_id

)

select
    settled.user_id,
    settled.last_active_date,
    {%- if is_incremental() %}
    settled.active_days + coalesce(known.active_days, 0) as active_days,
    {%- for name in sums %}
    settled.{{ name }} + coalesce(known.{{ name }}, 0) as {{ name }},
    {%- endfor %}
    coalesce(known.first_order_date, settled.first_order_date) as first_order_date
from settled
left join {{ this }} as known on settled.user_id = known.user_id
    {%- else %}
    settled.active_days,
    {%- for name in sums %}
    settled.{{ name }},
    {%- endfor %}
    settled.first_order_date
from settled
    {%- endif %}
