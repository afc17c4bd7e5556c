-- Everybody is there on the day of signing up, and never are more there than signed up.
select cohort_date, day_number, cohort_size, retained_users
from {{ ref('retention_cohorts') }}
where (day_number = 0 and retained_users <> cohort_size) or retained_users > cohort_size
