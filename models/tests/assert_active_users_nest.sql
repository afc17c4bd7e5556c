-- Whoever was active today was active this week, and whoever was active this week was active this month.
select date_day, dau, wau, mau
from {{ ref('daily_active_users') }}
where not (new_users <= dau and dau <= wau and wau <= mau)
