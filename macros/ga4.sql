{#
    A parameter of a GA4 event by its key, as text; `kind` is the field of its value: string, int, float or double.
#}
{% macro ga4_param(key, kind) -%}
(
    select param -> 'value' ->> '{{ kind }}_value'
    from jsonb_array_elements(coalesce(event_params, '[]')) as param
    where param ->> 'key' = '{{ key }}'
    limit 1
)
{%- endmacro %}

{# A number for a text: 60 bits of its hash. Among ten million texts two meet once in twenty thousand times. #}
{% macro ga4_number(text) -%}
('x' || substr(md5({{ text }}), 1, 15))::bit(60)::bigint
{%- endmacro %}

{# The events of a GA4 property in the words of the product: what `stg_events` has. #}
{% macro ga4_as_product_events() -%}
select
    events.event_key as event_id,
    {{ ga4_number('events.user_key') }} as user_id,
    {{ ga4_number("concat_ws('|', events.user_pseudo_id, events.ga_session_id)") }} as session_id,
    events.event_time,
    {{ utc_date('events.event_time') }} as event_date,
    names.event_name,
    case
        when events.device_category = 'smart tv' then 'tv'
        else events.platform
    end as platform,
    countries.country as geo,
    case events.device_category when 'mobile' then 'phone' when 'smart tv' then 'tv' else events.device_category end as device,
    events.experiment_id,
    events.variant,
    items.item_number as item_id,
    items.price_cents,
    case when names.event_name = 'purchase' then (events.purchase_revenue * 100)::integer end as revenue_cents
from {{ ref('stg_ga4__events') }} as events
inner join {{ ref('ga4_event_names') }} as names
    on events.event_name = names.ga4_event_name
left join {{ ref('countries') }} as countries
    on events.country_name = countries.country_name
left join (
    select
        event_key,
        -- A number where the product's items have numbers, and one made of the name where they have not.
        case
            when item_id ~ '^\d{1,9}$' then item_id::integer
            else abs(('x' || substr(md5(item_id), 1, 8))::bit(31)::integer)
        end as item_number,
        (price * 100)::integer as price_cents
    from {{ ref('stg_ga4__items') }}
    where item_place = 1
) as items
    on events.event_key = items.event_key
where events.ga_session_id is not null
{%- endmacro %}

{# The users of a GA4 property in the words of the product: what `stg_users` has. #}
{% macro ga4_as_product_users() -%}
select
    users.user_id,
    users.first_seen_at as signup_time,
    {{ utc_date('users.first_seen_at') }} as signup_date,
    case
        when users.traffic_medium in ('cpc', 'ppc', 'paidsearch') then 'paid_search'
        when users.traffic_medium in ('paid_social', 'paidsocial', 'cpm', 'display') then 'paid_social'
        when users.traffic_medium in ('referral', 'affiliate') then users.traffic_medium
        when users.traffic_medium in ('(none)', '(not set)') or users.traffic_medium is null then 'direct'
        else 'organic'
    end as acquisition_channel,
    countries.country,
    case users.device_category when 'mobile' then 'phone' when 'smart tv' then 'tv' else users.device_category end as device_type
from {{ ref('stg_ga4__users') }} as users
left join {{ ref('countries') }} as countries
    on users.country_name = countries.country_name
{%- endmacro %}
