-- One row per session: that of a browser or installation with its number.
select
    {{ ga4_number("concat_ws('|', user_pseudo_id, ga_session_id)") }} as session_key,
    user_pseudo_id,
    ga_session_id,
    min(user_key) as user_key,
    min(ga_session_number) as ga_session_number,
    min(event_time) as started_at,
    max(event_time) as ended_at,
    count(*) as events,
    count(*) filter (where event_name = 'page_view') as page_views,
    coalesce(sum(engagement_msec), 0) as engagement_msec,
    coalesce(sum(purchase_revenue) filter (where event_name = 'purchase'), 0) as revenue
from {{ ref('stg_ga4__events') }}
where ga_session_id is not null
group by user_pseudo_id, ga_session_id
