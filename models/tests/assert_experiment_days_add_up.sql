-- The days of an experiment add up to what its units did, in each arm.
with days as (

    select
        experiment_id,
        variant,
        sum(new_units) as units,
        sum(sessions) as sessions,
        sum(orders) as orders,
        sum(revenue) as revenue
    from {{ ref('experiment_daily_metrics') }}
    group by experiment_id, variant

),

units as (

    select
        experiment_id,
        variant,
        count(*) as units,
        sum(sessions) as sessions,
        sum(orders) as orders,
        sum(revenue)::numeric(14, 2) as revenue
    from {{ ref('int_experiment_units') }}
    group by experiment_id, variant

)

select coalesce(days.experiment_id, units.experiment_id) as experiment_id, days.variant
from days
full join units on days.experiment_id = units.experiment_id and days.variant = units.variant
where (days.units, days.sessions, days.orders, days.revenue)
    is distinct from (units.units, units.sessions, units.orders, units.revenue)
