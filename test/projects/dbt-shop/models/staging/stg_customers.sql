{{ config(materialized='ephemeral', alias='people') }}
select customer_id, name from {{ source('shop', 'customers') }}
