{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='experiment_id',
    indexes=[{'columns': ['experiment_id', 'measured_until']}]
) }}

-- One row per experiment and exposed user: the arm, what the user did from the exposure to the end of the experiment,
-- and the same before the exposure, which no treatment can have touched. Experiments that were over the last time, and
-- late events with them, are not measured again.
{%- set before = "interval '" ~ var('pre_period_days') ~ " days'" %}
{%- set counts = ['plays', 'likes', 'carts'] %}

with experiments as (

    select
        experiment_id,
        ended_at,
        least({{ end_date() }}, {{ utc_date('ended_at') }} + {{ var('lookback_days') }}) as measured_until
    from {{ ref('stg_experiments') }} as experiments
    {%- if is_incremental() %}
    where {{ utc_date('ended_at') }} + {{ var('lookback_days') }} > coalesce((
        select max(known.measured_until)
        from {{ this }} as known
        where known.experiment_id = experiments.experiment_id
    ), '-infinity')
    {%- endif %}

),

units as (

    select
        assignments.experiment_id,
        assignments.user_id,
        assignments.variant,
        assignments.exposed_at,
        experiments.ended_at,
        experiments.measured_until,
        assignments.exposed_at - {{ before }} as before_from
    from {{ ref('stg_assignments') }} as assignments
    inner join experiments on assignments.experiment_id = experiments.experiment_id

),

-- Sessions count by their start; purchases by their own time, so that the two never disagree about the exposure.
activity as (

    select
        units.experiment_id,
        units.user_id,
        {%- for side, condition in [('', '>='), ('_before', '<')] %}
        count(*) filter (where session_start {{ condition }} exposed_at) as sessions{{ side }},
        {%- for name in counts %}
        sum({{ name }}) filter (where session_start {{ condition }} exposed_at) as {{ name }}{{ side }}{{ ',' }}
        {%- endfor %}
        extract(epoch from sum(session_end - session_start) filter (where session_start {{ condition }} exposed_at))::float8
            as seconds{{ side }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from units
    inner join {{ ref('int_sessions') }} as sessions
        on units.user_id = sessions.user_id
        and sessions.session_start >= units.before_from
        and sessions.session_start < units.ended_at
    group by units.experiment_id, units.user_id

),

purchases as (

    select
        units.experiment_id,
        units.user_id,
        count(*) filter (where ordered_at >= exposed_at) as orders,
        count(*) filter (where ordered_at < exposed_at) as orders_before,
        sum(revenue_cents) filter (where ordered_at >= exposed_at) as revenue_cents,
        sum(revenue_cents) filter (where ordered_at < exposed_at) as revenue_cents_before
    from units
    inner join {{ ref('int_orders') }} as orders
        on units.user_id = orders.user_id
        and orders.ordered_at >= units.before_from
        and orders.ordered_at < units.ended_at
    group by units.experiment_id, units.user_id

)

select
    units.experiment_id,
    units.user_id,
    units.variant,
    units.exposed_at,
    units.measured_until,
    users.country,
    users.region,
    users.acquisition_channel,
    users.device_type,
    users.signup_week,
    case
        when users.signup_time >= units.exposed_at - interval '1 day' then 'new'
        when users.signup_time >= units.exposed_at - interval '28 days' then 'recent'
        else 'established'
    end as tenure,
    (coalesce(purchases.revenue_cents, 0) / 100.0)::float8 as revenue,
    coalesce(purchases.orders, 0)::int as orders,
    (coalesce(purchases.orders, 0) > 0)::int as converted,
    coalesce(activity.sessions, 0)::int as sessions,
    coalesce(activity.seconds, 0) as seconds,
    {%- for name in counts %}
    coalesce(activity.{{ name }}, 0)::int as {{ name }},
    {%- endfor %}
    (coalesce(purchases.revenue_cents_before, 0) / 100.0)::float8 as revenue_before,
    coalesce(purchases.orders_before, 0)::int as orders_before,
    (coalesce(purchases.orders_before, 0) > 0)::int as converted_before,
    coalesce(activity.sessions_before, 0)::int as sessions_before,
    coalesce(activity.seconds_before, 0) as seconds_before
    {%- for name in counts %},
    coalesce(activity.{{ name }}_before, 0)::int as {{ name }}_before
    {%- endfor %}
from units
inner join {{ ref('int_users') }} as users on units.user_id = users.user_id
left join activity on units.experiment_id = activity.experiment_id and units.user_id = activity.user_id
left join purchases on units.experiment_id = purchases.experiment_id and units.user_id = purchases.user_id
