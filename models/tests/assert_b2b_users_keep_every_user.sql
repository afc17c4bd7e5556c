with base as (

    select count(*) as users, sum(active_days_30d) as days
    from {{ ref('int_b2b_users') }}

),

record as (

    select
        (select count(*) from {{ source('b2b', 'users') }}) as users,
        count(distinct (user_id, activity_date)) as days
    from {{ source('b2b', 'daily_activity') }}
    where activity_date < date '{{ var('b2b_campaign') }}'
        and activity_date >= date '{{ var('b2b_campaign') }}' - 30

)

select base.users, record.users as users_on_record, base.days, record.days as days_on_record
from base
cross join record
where base.users <> record.users or base.days <> record.days
