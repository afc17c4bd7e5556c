{{ config(materialized='incremental', unique_key='paid_on', alias='daily_payments', incremental_strategy='delete+insert', on_schema_change='append_new_columns') }}
select paid_on, sum(amount) as amount, count(*) as n from {{ ref('stg_payments') }}
{% if is_incremental() %} where paid_on >= (select max(paid_on) from {{ this }}) {% endif %}
group by 1
