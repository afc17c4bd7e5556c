{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['cohort_date', 'day_number'],
    indexes=[{'columns': ['cohort_date', 'day_number'], 'unique': true}]
) }}

-- A day adds a row to every cohort: the next diagonal of the triangle.
with users as (

    select user_id, signup_time, signup_date
    from {{ ref('int_users') }}

),

cohorts as (

    select signup_date as cohort_date, count(*) as cohort_size
    from users
    {%- if is_incremental() %}
    where {{ is_on_open_day('signup_time', 'cohort_date') }}
    group by signup_date
    union all
    select cohort_date, cohort_size
    from {{ this }}
    where day_number = 0 and cohort_date < {{ first_open_day('cohort_date') }}
    {%- else %}
    group by signup_date
    {%- endif %}

),

retained as (

    select
        users.signup_date as cohort_date,
        activity.activity_date - users.signup_date as day_number,
        count(*) as retained_users
    from users
    inner join {{ ref('daily_user_metrics') }} as activity on users.user_id = activity.user_id
    {%- if is_incremental() %}
    where {{ is_open_day('activity.activity_date', 'cohort_date') }}
    {%- endif %}
    group by 1, 2

),

-- Every day that the data lets us see of every cohort, also those on which nobody came back.
triangle as (

    select
        cohorts.cohort_date,
        cohorts.cohort_size,
        generate_series(
            {{ 'greatest(0, ' ~ first_open_day('cohort_date') ~ ' - cohorts.cohort_date)' if is_incremental() else 0 }},
            {{ end_date() }} - 1 - cohorts.cohort_date
        ) as day_number
    from cohorts

)

select
    triangle.cohort_date,
    date_trunc('week', triangle.cohort_date::timestamp)::date as cohort_week,
    triangle.day_number,
    triangle.cohort_size,
    coalesce(retained.retained_users, 0) as retained_users,
    {{ rate('coalesce(retained.retained_users, 0)', 'triangle.cohort_size') }} as retention
from triangle
left join retained
    on triangle.cohort_date = retained.cohort_date and triangle.day_number = retained.day_number
