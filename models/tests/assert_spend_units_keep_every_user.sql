-- Every user is one unit, and what the units spent in both months is all that was spent.
with units as (

    select
        count(*) as users,
        sum(spend_before + monthly_spend) as spend
    from {{ ref('int_spend_units') }}

),

raw as (

    select
        count(distinct user_id) as users,
        sum(spend_cents) / 100.0 as spend
    from {{ ref('stg_spend__monthly_spend') }}

)

select units.users, raw.users as raw_users, units.spend, raw.spend as raw_spend
from units
cross join raw
where units.users <> raw.users or units.spend <> raw.spend
