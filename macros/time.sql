{# The day of an instant in UTC: the one calendar that all models share. #}
{% macro utc_date(column) -%}
({{ column }} at time zone 'UTC')::date
{%- endmacro %}

{# The first day of the data. #}
{% macro start_date() -%}
date '{{ var('start_date') }}'
{%- endmacro %}

{# The first day after the data. #}
{% macro end_date() -%}
(date '{{ var('start_date') }}' + {{ var('days') }})
{%- endmacro %}

{# Every day of the data, one row each. #}
{% macro date_spine() -%}
select {{ start_date() }} + generate_series(0, {{ var('days') }} - 1) as date_day
{%- endmacro %}

{#
  How many days after its entry a funnel may still be completed. A session may run past midnight, so the window may
  reach one day further than its hours say.
#}
{% macro funnel_days_ahead() -%}
{{ return((var('funnel_window_hours') + 23) // 24 + 1) }}
{%- endmacro %}
