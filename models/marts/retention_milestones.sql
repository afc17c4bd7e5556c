select
    cohort_week,
    {%- for day in [1, 7, 30] %}
    -- Null until every cohort of the week has reached the day.
    case
        when sum(cohort_size) filter (where day_number = {{ day }}) = sum(cohort_size) filter (where day_number = 0)
            then {{ rate('sum(retained_users) filter (where day_number = ' ~ day ~ ')', 'sum(cohort_size) filter (where day_number = 0)') }}
    end as d{{ day }}_retention,
    {%- endfor %}
    sum(cohort_size) filter (where day_number = 0) as cohort_size
from {{ ref('retention_cohorts') }}
group by cohort_week
