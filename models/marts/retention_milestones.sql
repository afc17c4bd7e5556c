{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='cohort_week',
    indexes=[{'columns': ['cohort_week'], 'unique': true}]
) }}

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
{%- if is_incremental() %}
-- A week changes until its last cohort has reached the last of the days.
where {{ is_open_day('cohort_week', 'cohort_week', more_days=36) }}
{%- endif %}
group by cohort_week
