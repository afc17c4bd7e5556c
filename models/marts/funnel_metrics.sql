{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='entry_date',
    indexes=[{'columns': ['entry_date']}]
) }}

{#- The steps of each funnel with the column that tells when a step was reached. #}
{%- set funnels = {
    'view_to_purchase': [('view', 'viewed_at'), ('add_to_cart', 'carted_at'), ('purchase', 'ordered_at')],
    'search_to_play': [('search', 'searched_at'), ('play', 'played_at')],
} %}

with reached as (

    {%- for scope, entries in [('session', 'int_session_funnels'), ('window', 'int_daily_funnels')] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ scope }}' as scope,
        entry_date,
        count(viewed_at) as viewed_at,
        count(carted_at) as carted_at,
        count(ordered_at) as ordered_at,
        count(searched_at) as searched_at,
        count(played_at) as played_at
    from {{ ref(entries) }}
    {%- if is_incremental() %}
    where {{ is_open_day('entry_date', 'entry_date', more_days=funnel_days_ahead()) }}
    {%- endif %}
    group by entry_date
    {%- endfor %}

),

steps as (

    {%- for funnel, steps in funnels.items() %}
    {%- set first_funnel = loop.first %}
    {%- for name, column in steps %}
    {{ 'union all' if not (loop.first and first_funnel) }}
    select
        '{{ funnel }}' as funnel,
        scope,
        entry_date,
        {{ loop.index }} as step_number,
        '{{ name }}' as step_name,
        {{ column }} as entries,
        {{ steps[[loop.index0 - 1, 0] | max][1] }} as previous_entries,
        {{ steps[0][1] }} as first_entries
    from reached
    {%- endfor %}
    {%- endfor %}

)

select
    funnel,
    scope,
    entry_date,
    step_number,
    step_name,
    entries,
    {{ rate('entries', 'previous_entries') }} as conversion_from_previous,
    {{ rate('entries', 'first_entries') }} as conversion_from_first
from steps
