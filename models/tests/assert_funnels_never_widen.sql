-- No step of a funnel is reached by more than the step before it.
select later.funnel, later.scope, later.entry_date, later.step_number, earlier.entries as before, later.entries
from {{ ref('funnel_metrics') }} as later
inner join {{ ref('funnel_metrics') }} as earlier
    on later.funnel = earlier.funnel
    and later.scope = earlier.scope
    and later.entry_date = earlier.entry_date
    and later.step_number = earlier.step_number + 1
where later.entries > earlier.entries
