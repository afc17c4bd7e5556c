{{ config(
  materialized='incremental',
  unique_key='id',
  pre_hook="{{ note('growing is there: ' ~ is_incremental()) }}",
  post_hook="comment on table {{ this }} is 'grown'"
) }}
{% set last = run_query('select max(id) from ' ~ this).rows[0][0] if is_incremental() else 0 %}
select id, {{ last }} as seen from {{ ref('raw') }} where id >= {{ last }}
