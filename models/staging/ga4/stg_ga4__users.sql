-- One row per user: where and how the user came first, by the earliest event that says so.
select distinct on (user_key)
    user_key,
    {{ ga4_number('user_key') }} as user_id,
    min(coalesce(first_touch_at, event_time)) over (partition by user_key) as first_seen_at,
    traffic_source,
    traffic_medium,
    campaign,
    country_name,
    device_category
from {{ ref('stg_ga4__events') }}
order by user_key, event_time, event_key
