select
    experiment_id,
    hypothesis,
    layer,
    started_at,
    ended_at,
    control_arm,
    treatment_arm
from {{ source('product', 'experiments') }}
