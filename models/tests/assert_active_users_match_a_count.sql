-- The running sums of WAU and MAU agree with a plain count of users, on one day a month.
with days as (

    select date_day, wau, mau
    from {{ ref('daily_active_users') }}
    where extract(day from date_day) = 15

)

select
    days.date_day,
    days.wau,
    days.mau,
    count(distinct activity.user_id) filter (where activity.activity_date > days.date_day - 7) as counted_week,
    count(distinct activity.user_id) as counted_month
from days
inner join {{ ref('daily_user_metrics') }} as activity
    on activity.activity_date > days.date_day - 30 and activity.activity_date <= days.date_day
group by days.date_day, days.wau, days.mau
having
    days.wau <> count(distinct activity.user_id) filter (where activity.activity_date > days.date_day - 7)
    or days.mau <> count(distinct activity.user_id)
