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
select generate_series(
    {{ start_date() }}, {{ end_date() }} - 1, interval '1 day'
)::date as date_day
{%- endmacro %}
