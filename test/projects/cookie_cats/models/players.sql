select userid as user_id, version, sum_gamerounds, retention_1, retention_7
from {{ source('raw', 'players') }}
