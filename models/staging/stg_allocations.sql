select
    experiment_id,
    country,
    treatment_share
from {{ source('product', 'allocations') }}
