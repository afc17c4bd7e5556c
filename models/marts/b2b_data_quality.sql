-- What was wrong with the record of the b2b world, before and after cleaning: one row per check.
with days as (

    select
        user_id,
        activity_date,
        count(*) as times,
        count(*) filter (where minutes is null) as without_minutes
    from {{ source('b2b', 'daily_activity') }}
    group by user_id, activity_date

),

clean_days as (

    select
        user_id,
        activity_date,
        count(*) as times,
        count(*) filter (where minutes is null) as without_minutes
    from {{ ref('stg_b2b__daily_activity') }}
    group by user_id, activity_date

),

-- A user may have several rows of 1970, which are several days that nobody knows: they are not doubles.
{%- for name in ['days', 'clean_days'] %}
{{ 'clean_' if name == 'clean_days' }}activity as (

    select
        coalesce(sum(times), 0) as total,
        coalesce(sum(times) filter (where activity_date = date '1970-01-01'), 0) as impossible_dates,
        coalesce(sum(without_minutes), 0) as missing_minutes,
        coalesce(sum(times - 1) filter (where activity_date > date '1970-01-01'), 0) as duplicates
    from {{ name }}

),
{% endfor %}
users as (

    select
        count(*) as total,
        count(*) filter (where role not in ('admin', 'member')) as unknown_roles
    from {{ source('b2b', 'users') }}

),

clean_users as (

    select
        count(*) filter (where role not in ('admin', 'member')) as unknown_roles
    from {{ ref('stg_b2b__users') }}

),

accounts as (

    select
        count(*) as total,
        count(*) filter (where plan is null) as missing_plans
    from {{ source('b2b', 'accounts') }}

),

clean_accounts as (

    select
        count(*) filter (where plan is null) as missing_plans
    from {{ ref('stg_b2b__accounts') }}

),

checks as (

    select 'daily_activity' as table_name, 'duplicate' as problem, 'dropped' as treatment,
        activity.total as rows_checked, activity.duplicates as before, clean_activity.duplicates as after
    from activity cross join clean_activity
    union all
    select 'daily_activity', 'impossible_date', 'dropped', activity.total, activity.impossible_dates,
        clean_activity.impossible_dates
    from activity cross join clean_activity
    union all
    select 'daily_activity', 'missing_minutes', 'kept as unknown', activity.total, activity.missing_minutes,
        clean_activity.missing_minutes
    from activity cross join clean_activity
    union all
    select 'users', 'role_spelling', 'repaired', users.total, users.unknown_roles, clean_users.unknown_roles
    from users cross join clean_users
    union all
    select 'accounts', 'missing_plan', 'imputed from the price', accounts.total, accounts.missing_plans,
        clean_accounts.missing_plans
    from accounts cross join clean_accounts

)

select
    table_name,
    problem,
    treatment,
    rows_checked,
    before as problems_before,
    after as problems_after
from checks
