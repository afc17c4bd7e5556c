{{ config(materialized='incremental', incremental_strategy='time_range', event_time='day',
          begin='2026-01-01', time_grain='day', on_change='rebuild') }}
select (at at time zone 'UTC')::date as day, sum(amount)::int as amount
from {{ ref('daily_orders') }}
group by 1
