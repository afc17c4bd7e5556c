{% snapshot customers_history %}
{{ config(target_schema='ek_history', unique_key='customer_id', strategy='check', check_cols=['name']) }}
select * from {{ ref('stg_customers') }}
{% endsnapshot %}
