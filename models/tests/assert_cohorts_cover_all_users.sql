-- The cohorts together are all users, and the triangle holds all of their active days.
with cohorts as (

    select
        sum(cohort_size) filter (where day_number = 0) as users,
        sum(retained_users) as user_days
    from {{ ref('retention_cohorts') }}

),

users as (

    select count(*) as users
    from {{ ref('stg_users') }}

),

activity as (

    select count(*) as user_days
    from {{ ref('daily_user_metrics') }}

)

select cohorts.users, users.users as all_users, cohorts.user_days, activity.user_days as all_user_days
from cohorts
cross join users
cross join activity
where cohorts.users <> users.users or cohorts.user_days <> activity.user_days
