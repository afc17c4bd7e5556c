-- One row per event, with what is asked of it most often taken out of the nested columns. GA4 gives events no number:
-- the key is made of what tells them apart, and events that nothing tells apart are numbered.
with numbered as (

    select
        *,
        row_number() over (
            partition by user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id, event_params::text
        ) as copy
    from {{ source('ga4', 'events') }}

)

select
    {{ ga4_number("concat_ws('|', user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id, event_params::text, copy)") }} as event_key,
    timestamptz '1970-01-01 00:00:00+00' + event_timestamp * interval '1 microsecond' as event_time,
    to_date(event_date, 'YYYYMMDD') as property_date,
    event_name,
    coalesce(nullif(user_id, ''), user_pseudo_id) as user_key,
    user_pseudo_id,
    user_id,
    {{ ga4_param('ga_session_id', 'int') }}::bigint as ga_session_id,
    {{ ga4_param('ga_session_number', 'int') }}::integer as ga_session_number,
    {{ ga4_param('engagement_time_msec', 'int') }}::bigint as engagement_msec,
    {{ ga4_param('page_location', 'string') }} as page_location,
    {{ ga4_param('search_term', 'string') }} as search_term,
    {{ ga4_param('experiment_id', 'string') }} as experiment_id,
    {{ ga4_param('variant_id', 'string') }} as variant,
    timestamptz '1970-01-01 00:00:00+00' + user_first_touch_timestamp * interval '1 microsecond' as first_touch_at,
    lower(platform) as platform,
    device ->> 'category' as device_category,
    device ->> 'operating_system' as operating_system,
    geo ->> 'country' as country_name,
    traffic_source ->> 'source' as traffic_source,
    traffic_source ->> 'medium' as traffic_medium,
    traffic_source ->> 'name' as campaign,
    ecommerce ->> 'transaction_id' as transaction_id,
    (ecommerce ->> 'purchase_revenue_in_usd')::numeric(14, 2) as purchase_revenue,
    event_params,
    items
from numbered
