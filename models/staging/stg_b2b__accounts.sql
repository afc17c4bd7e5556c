-- A plan that is missing is read off what the account pays for a seat: each plan has one price.
with accounts as (

    select
        account_id,
        plan,
        region,
        seats,
        contract_start,
        monthly_fee_cents,
        monthly_fee_cents / seats as cents_per_seat
    from {{ source('b2b', 'accounts') }}

),

prices as (

    select
        cents_per_seat,
        min(plan) as plan
    from accounts
    group by cents_per_seat

)

select
    accounts.account_id,
    coalesce(accounts.plan, prices.plan) as plan,
    accounts.plan is null as plan_imputed,
    accounts.region,
    accounts.seats,
    accounts.contract_start,
    accounts.monthly_fee_cents,
    accounts.cents_per_seat
from accounts
inner join prices
    on accounts.cents_per_seat = prices.cents_per_seat
