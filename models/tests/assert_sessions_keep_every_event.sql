-- Every event and every cent of the raw log is in exactly one session.
with raw as (

    select count(*) as events, coalesce(sum(revenue_cents), 0) as revenue_cents
    from {{ ref('stg_events') }}

),

sessions as (

    select coalesce(sum(events), 0) as events, coalesce(sum(revenue_cents), 0) as revenue_cents
    from {{ ref('int_sessions') }}

)

select raw.events, sessions.events as session_events, raw.revenue_cents, sessions.revenue_cents as session_cents
from raw
cross join sessions
where raw.events <> sessions.events or raw.revenue_cents <> sessions.revenue_cents
