{%- if var('event_source') == 'ga4' -%}
{{ ga4_as_product_users() }}
{%- else -%}
select
    user_id,
    signup_time,
    {{ utc_date('signup_time') }} as signup_date,
    acquisition_channel,
    country,
    device_type
from {{ source('product', 'users') }}
{%- endif %}
