{% set kinds = run_query('select distinct kind from ' ~ ref('raw') ~ ' order by 1').columns[0].values() if execute else [] %}
select
  {% for kind in kinds -%}
  sum(amount) filter (where kind = '{{ kind }}') as {{ kind }},
  {% endfor -%}
  count(*) as n
from {{ ref('raw') }}
