{{ config(materialized='ephemeral') }}

select
    users.user_id,
    users.signup_time,
    users.signup_date,
    date_trunc('week', users.signup_date::timestamp)::date as signup_week,
    users.acquisition_channel,
    users.country,
    countries.region,
    users.device_type
from {{ ref('stg_users') }} as users
left join {{ ref('countries') }} as countries on users.country = countries.country
