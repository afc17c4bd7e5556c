-- One row per user: what was known on the day of the campaign, whether the nudge came, and what became of the user.
-- Activity from the campaign on may be an effect of the nudge, so no feature sees it.
{%- set campaign = "date '" ~ var('b2b_campaign') ~ "'" %}

with activity as (

    select
        user_id,
        sum(actions) filter (where activity_date >= {{ campaign }} - 7) as actions_7d,
        sum(actions) as actions_30d,
        sum(sessions) as sessions_30d,
        count(*) as active_days_30d,
        -- Only days whose minutes are known, on both sides of the ratio.
        sum(actions) filter (where minutes is not null)::float8
            / nullif(sum(minutes), 0) as intensity
    from {{ ref('stg_b2b__daily_activity') }}
    where activity_date >= {{ campaign }} - 30
        and activity_date < {{ campaign }}
    group by user_id

),

admins as (

    select
        account_id,
        count(*) filter (where role = 'admin') as admins
    from {{ ref('stg_b2b__users') }}
    group by account_id

)

select
    users.user_id,
    users.account_id,
    users.role,
    accounts.plan,
    accounts.region,
    accounts.seats,
    admins.admins,
    accounts.cents_per_seat,
    {{ campaign }} - users.joined_on as tenure_days,
    users.previous_nudge,
    coalesce(activity.actions_7d, 0) as actions_7d,
    coalesce(activity.actions_30d, 0) as actions_30d,
    -- Below some twenty actions the campaign made no difference between users.
    ln(greatest(coalesce(activity.actions_30d, 0), 20)::float8) as log_actions_30d,
    -- Who does next to nothing is another kind of user, not one who does a little less.
    coalesce(activity.actions_30d, 0) < 20 as hardly_active,
    coalesce(activity.sessions_30d, 0) as sessions_30d,
    coalesce(activity.active_days_30d, 0) as active_days_30d,
    -- The last week against a quarter of the last thirty days; null for who did nothing.
    coalesce(activity.actions_7d, 0) / nullif(activity.actions_30d / 4.0, 0) as momentum,
    activity.intensity,
    interventions.nudged,
    outcomes.converted,
    outcomes.revenue_cents,
    outcomes.complained
from {{ ref('stg_b2b__users') }} as users
inner join {{ ref('stg_b2b__accounts') }} as accounts
    on users.account_id = accounts.account_id
inner join admins
    on users.account_id = admins.account_id
inner join {{ ref('stg_b2b__interventions') }} as interventions
    on users.user_id = interventions.user_id
inner join {{ ref('stg_b2b__outcomes') }} as outcomes
    on users.user_id = outcomes.user_id
left join activity
    on users.user_id = activity.user_id
