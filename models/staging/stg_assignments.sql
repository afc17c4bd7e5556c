select
    experiment_id,
    user_id,
    variant,
    exposed_at
from {{ source('product', 'assignments') }}
