{{ config(materialized='view', alias='toolbox_orders') }}
select * from {{ ref('toolbox', 'numbers') }}
