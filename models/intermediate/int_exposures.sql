{{ config(materialized='view') }}

-- Who was exposed to which arm of which experiment when, with what was known of the user before.
select
    assignments.experiment_id,
    assignments.user_id,
    assignments.variant,
    assignments.exposed_at,
    users.country,
    users.region,
    users.acquisition_channel,
    users.device_type
from {{ ref('stg_assignments') }} as assignments
inner join {{ ref('int_users') }} as users on assignments.user_id = users.user_id
