{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['experiment_id', 'metric_date']
) }}
{%- set lookback = var('lookback_days') %}

-- What each arm did on each day. Means and variances are per unit exposed so far; a unit that did nothing on the day
-- has no row in activity and counts as zero.
with experiments as (

    select experiment_id, started_at, ended_at
    from {{ ref('stg_experiments') }} as experiments
    {%- if is_incremental() %}
    -- Those whose last day is there, measured with the last that may come late, are left as they are.
    where not exists (
        select from {{ this }} as known
        where known.experiment_id = experiments.experiment_id
            and known.metric_date = {{ utc_date('experiments.ended_at') }} - 1
            and known.measured_until = {{ utc_date('experiments.ended_at') }} + {{ lookback }}
    )
    {%- endif %}

),

units as (

    select assignments.experiment_id, assignments.user_id, assignments.variant, assignments.exposed_at
    from {{ ref('stg_assignments') }} as assignments
    inner join experiments on assignments.experiment_id = experiments.experiment_id

),

sessions as (

    select
        units.experiment_id,
        units.variant,
        units.user_id,
        sessions.session_date as metric_date,
        count(*) as sessions,
        sum(sessions.events) as events,
        0 as orders,
        0 as revenue_cents
    from units
    inner join experiments on units.experiment_id = experiments.experiment_id
    inner join {{ ref('int_sessions') }} as sessions
        on units.user_id = sessions.user_id
        and sessions.session_start >= units.exposed_at
        and sessions.session_start < experiments.ended_at
    {%- if is_incremental() %}
    where {{ is_open_day('sessions.session_date', 'metric_date') }}
    {%- endif %}
    group by units.experiment_id, units.variant, units.user_id, sessions.session_date

),

orders as (

    select
        units.experiment_id,
        units.variant,
        units.user_id,
        orders.order_date as metric_date,
        0 as sessions,
        0 as events,
        count(*) as orders,
        sum(orders.revenue_cents) as revenue_cents
    from units
    inner join experiments on units.experiment_id = experiments.experiment_id
    inner join {{ ref('int_orders') }} as orders
        on units.user_id = orders.user_id
        and orders.ordered_at >= units.exposed_at
        and orders.ordered_at < experiments.ended_at
    {%- if is_incremental() %}
    where {{ is_open_day('orders.order_date', 'metric_date') }}
    {%- endif %}
    group by units.experiment_id, units.variant, units.user_id, orders.order_date

),

activity as (

    select
        experiment_id,
        variant,
        user_id,
        metric_date,
        sum(sessions)::bigint as sessions,
        sum(events)::bigint as events,
        sum(orders)::bigint as orders,
        sum(revenue_cents)::bigint as revenue_cents
    from (select * from sessions union all select * from orders) as parts
    group by experiment_id, variant, user_id, metric_date

),

exposures as (

    select experiment_id, variant, {{ utc_date('exposed_at') }} as metric_date, count(*) as new_units
    from units
    group by 1, 2, 3

),

days as (

    select
        experiments.experiment_id,
        arms.variant,
        spine.date_day as metric_date,
        coalesce(exposures.new_units, 0) as new_units,
        (sum(coalesce(exposures.new_units, 0)) over (
            partition by experiments.experiment_id, arms.variant order by spine.date_day
        ))::bigint as units
    from experiments
    inner join (select distinct experiment_id, variant from units) as arms
        on experiments.experiment_id = arms.experiment_id
    inner join ({{ date_spine() }}) as spine
        on spine.date_day >= {{ utc_date('experiments.started_at') }}
        and spine.date_day < {{ utc_date('experiments.ended_at') }}
    left join exposures
        on experiments.experiment_id = exposures.experiment_id
        and arms.variant = exposures.variant
        and spine.date_day = exposures.metric_date

)

select
    days.experiment_id,
    days.variant,
    days.metric_date,
    least({{ end_date() }}, days.metric_date + 1 + {{ lookback }}) as measured_until,
    days.new_units,
    days.units,
    count(activity.user_id) as active_units,
    coalesce(sum(activity.sessions), 0)::bigint as sessions,
    coalesce(sum(activity.events), 0)::bigint as events,
    count(activity.user_id) filter (where activity.orders > 0) as conversions,
    coalesce(sum(activity.orders), 0)::bigint as orders,
    {{ cents_to_amount('coalesce(sum(activity.revenue_cents), 0)') }} as revenue,
    {%- for metric, column, scale in [('sessions', 'sessions', 1), ('orders', 'orders', 1), ('revenue', 'revenue_cents', 100)] %}
    {{ mean_with_zeros('activity.' ~ column, 'days.units', scale) }} as {{ metric }}_mean,
    {{ variance_with_zeros('activity.' ~ column, 'days.units', scale) }} as {{ metric }}_variance{{ ',' if not loop.last }}
    {%- endfor %}
from days
left join activity
    on days.experiment_id = activity.experiment_id
    and days.variant = activity.variant
    and days.metric_date = activity.metric_date
{%- if is_incremental() %}
where {{ is_open_day('days.metric_date', 'metric_date') }}
{%- endif %}
group by days.experiment_id, days.variant, days.metric_date, days.new_units, days.units
