select * from {{ ref('time_spine') }}
