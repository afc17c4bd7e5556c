-- One row per event and parameter, the value as text whatever type it came in.
select
    events.event_key,
    events.event_time,
    events.event_name,
    param ->> 'key' as param_key,
    coalesce(
        param -> 'value' ->> 'string_value',
        param -> 'value' ->> 'int_value',
        param -> 'value' ->> 'float_value',
        param -> 'value' ->> 'double_value'
    ) as param_value
from {{ ref('stg_ga4__events') }} as events
cross join lateral jsonb_array_elements(coalesce(events.event_params, '[]')) as param
