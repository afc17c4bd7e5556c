{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='id', event_time='at',
          begin='2026-01-01', batch_size='day') }}
select id, amount, at
from {{ ref('events') }}, pg_sleep({{ var('pause') }})
