{# The years that a time of the shop can lie in; what says another one says nothing. #}
{% macro shop_period(time) -%}
{{ time }} >= timestamptz '{{ var('shop_start') }} 00:00:00+00' - interval '1 day'
and {{ time }} < timestamptz '{{ var('shop_start') }} 00:00:00+00' + interval '10 years'
{%- endmacro %}

{#
    The instant that a text of the shop's sources means, or null where it means none: seconds since 1970, a time with
    its offset, or a clock on the wall in the time zone given.
#}
{% macro shop_instant(text, time_zone) -%}
case
    when {{ text }} ~ '^\d{10}$' then to_timestamp({{ text }}::bigint)
    when {{ text }} ~ '^2\d{3}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$' then {{ text }}::timestamptz
    when {{ text }} ~ '^2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d$' then {{ text }}::timestamp at time zone {{ time_zone }}
end
{%- endmacro %}
