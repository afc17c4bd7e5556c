{{ config(materialized='logged_table', indexes=[{'columns': ['id'], 'unique': true}]) }}
select id, amount from {{ ref('raw') }}
