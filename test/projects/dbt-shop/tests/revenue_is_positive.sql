{{ config(severity='error', tags=['money']) }}
select * from {{ ref('revenue') }} where revenue < 0
