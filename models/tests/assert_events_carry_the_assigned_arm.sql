-- Every event in an experiment of the main layer names the one arm that its user was assigned to, and none comes before
-- the exposure.
with seen as (

    select experiment_id, user_id, min(variant) as first_arm, max(variant) as last_arm, min(event_time) as first_at
    from {{ ref('stg_events') }}
    where experiment_id is not null
    group by experiment_id, user_id

)

select
    coalesce(seen.experiment_id, assignments.experiment_id) as experiment_id,
    coalesce(seen.user_id, assignments.user_id) as user_id,
    seen.first_arm,
    seen.last_arm,
    assignments.variant
from seen
full join (
    select assignments.experiment_id, assignments.user_id, assignments.variant, assignments.exposed_at
    from {{ ref('stg_assignments') }} as assignments
    inner join {{ ref('stg_experiments') }} as experiments
        on assignments.experiment_id = experiments.experiment_id and experiments.layer = 'main'
) as assignments
    on seen.experiment_id = assignments.experiment_id and seen.user_id = assignments.user_id
where
    seen.first_arm is distinct from assignments.variant
    or seen.last_arm is distinct from assignments.variant
    or seen.first_at is distinct from assignments.exposed_at
