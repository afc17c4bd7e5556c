{%- set steps = {
    'view_to_purchase': ['view', 'add_to_cart', 'purchase'],
    'search_to_play': ['search', 'play'],
} %}

with reached as (

    select
        funnel,
        scope,
        entry_date,
        count(step_1_at) as step_1,
        count(step_2_at) as step_2,
        count(step_3_at) as step_3
    from {{ ref('int_funnel_entries') }}
    group by funnel, scope, entry_date

),

steps as (

    {%- for funnel, names in steps.items() %}
    {%- set funnel_loop = loop %}
    {%- for name in names %}
    {{ 'union all' if not (loop.first and funnel_loop.first) }}
    select
        funnel,
        scope,
        entry_date,
        {{ loop.index }} as step_number,
        '{{ name }}' as step_name,
        step_{{ loop.index }} as entries,
        {{ 'step_' ~ (loop.index - 1) if not loop.first else 'step_1' }} as previous_entries,
        step_1 as first_entries
    from reached
    where funnel = '{{ funnel }}'
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
