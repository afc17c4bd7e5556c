-- One row per user and day. A row that was recorded twice counts once; a day of 1970 is nobody's and cannot be told
-- which day it was, so the row is left out. Minutes that are missing stay so: no other row knows them.
select distinct
    user_id,
    activity_date,
    sessions,
    actions,
    minutes
from {{ source('b2b', 'daily_activity') }}
where activity_date > date '1970-01-01'
