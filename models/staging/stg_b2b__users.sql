select
    user_id,
    account_id,
    case when lower(btrim(role)) in ('admin', 'administrator') then 'admin' else 'member' end as role,
    role not in ('admin', 'member') as role_repaired,
    joined_on,
    previous_nudge
from {{ source('b2b', 'users') }}
