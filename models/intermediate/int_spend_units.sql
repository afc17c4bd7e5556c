-- One row per user: did the user take to the feature, what the user was like before the launch, and what the user
-- spent in the month after it. What came after the launch, other than the outcome, is kept out: it may be an effect.
{%- set launch = "date '" ~ var('spend_launch') ~ "'" %}

select
    users.user_id,
    feature_use.user_id is not null as used_feature,
    users.invited,
    users.country,
    {{ launch }} - users.signed_up_on as account_age_days,
    activity.sessions as sessions_before,
    spend_before.spend_cents / 100.0 as spend_before,
    spend.spend_cents / 100.0 as monthly_spend
from {{ ref('stg_spend__users') }} as users
inner join {{ ref('stg_spend__monthly_activity') }} as activity
    on users.user_id = activity.user_id
    and activity.month = ({{ launch }} - interval '1 month')::date
inner join {{ ref('stg_spend__monthly_spend') }} as spend_before
    on users.user_id = spend_before.user_id
    and spend_before.month = ({{ launch }} - interval '1 month')::date
inner join {{ ref('stg_spend__monthly_spend') }} as spend
    on users.user_id = spend.user_id
    and spend.month = {{ launch }}
left join {{ ref('stg_spend__feature_use') }} as feature_use
    on users.user_id = feature_use.user_id
    and {{ utc_date('feature_use.first_used_at') }} < {{ launch }} + interval '1 month'
