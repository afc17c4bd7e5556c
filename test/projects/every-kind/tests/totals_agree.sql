{{ config(severity='error', tags=['audit']) }}
select 2 from {{ ref('payments_daily') }} group by paid_on having count(*) > 1
