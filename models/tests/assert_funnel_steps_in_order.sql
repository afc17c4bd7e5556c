-- A step that was reached was reached after the one before it.
select funnel, scope, user_id, entry_date, step_1_at, step_2_at, step_3_at
from {{ ref('int_funnel_entries') }}
where step_2_at <= step_1_at or step_3_at <= step_2_at or (step_3_at is not null and step_2_at is null)
