{{ config(materialized='table') }}
select outcome, method, estimate, p_value
from {{ ref('gate_40') }}
where status = 'ok'
