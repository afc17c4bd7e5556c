{% snapshot orders_history %}
{{ config(strategy='check', unique_key='order_id', check_cols=['amount'], schema='history') }}
select * from {{ ref('stg_orders') }}
{% endsnapshot %}

{% snapshot orders_by_time %}
{{ config(strategy='timestamp', unique_key='order_id', updated_at='ordered_on', target_schema='elsewhere', hard_deletes='invalidate') }}
select * from {{ ref('stg_orders') }}
{% endsnapshot %}
