{%- if var('event_source') == 'ga4' -%}
{{ ga4_as_product_events() }}
{%- else -%}
select
    event_id,
    user_id,
    session_id,
    event_time,
    {{ utc_date('event_time') }} as event_date,
    event_name,
    platform,
    geo,
    device,
    experiment_id,
    variant,
    item_id,
    price_cents,
    revenue_cents
from {{ source('product', 'events') }}
{%- endif %}
