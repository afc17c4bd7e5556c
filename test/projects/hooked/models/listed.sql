{{ config(materialized='view', post_hook="comment on view {{ this }} is 'listed'") }}
-- depends_on: {{ ref('by_kind') }}
{% set found = run_query("select table_name from information_schema.tables where table_schema = '" ~ target.schema ~ "' and table_name like 'by%' order by 1") if execute %}
select '{{ found.columns[0].values() | join(",") if found }}' as found
