import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Session, sql } from '../src/warehouse/index.ts'

/*
 * A made-up nightly warehouse for timing: a table of events that grows by a day, and models that are built by day in
 * each of the ways that there are: the new one, and the one before it again, for what comes late. Rows follow from their number, so every history of the same length is the same.
 * Large tables are written in order of time, so that the days that a night replaces lie together on disk.
 */

/** The first day of the history, in UTC. */
const firstDay = '2024-01-01'
const users = 20_000

/** What the models keep of each day's events, by file. */
const models: Readonly<Record<string, string>> = {
  stg_events: `{{ config(materialized='view', event_time='event_time') }}
select event_id, user_id, event_time, (event_time at time zone 'UTC')::date as event_day, event_name, amount
from {{ source('raw', 'events') }}
`,
  sessions: `{{ config(materialized='incremental', incremental_strategy='time_range', event_time='started_at',
  begin='${firstDay}', time_grain='day', batch_size='month', lookback=1, indexes=[{'columns': ['started_at']}]) }}
select
    user_id,
    min(event_time) as started_at,
    max(event_time) as ended_at,
    count(*) as events,
    count(*) filter (where event_name = 'purchase') as orders,
    sum(amount) as amount
from {{ ref('stg_events') }}
group by user_id, event_day
order by started_at
`,
  daily_user_metrics: `{{ config(materialized='incremental', incremental_strategy='delete+insert',
  unique_key=['user_id', 'event_day'], indexes=[{'columns': ['event_day', 'user_id'], 'unique': true}]) }}
select
    user_id,
    event_day,
    count(*) as events,
    count(distinct event_name) as kinds,
    sum(amount) as amount
from {{ ref('stg_events') }}
{% if is_incremental() %}
where event_time >= (select max(event_day)::timestamp at time zone 'UTC' from {{ this }})
{% endif %}
group by user_id, event_day
order by event_day
`,
  daily_event_metrics: `{{ config(materialized='incremental', incremental_strategy='merge',
  unique_key=['event_day', 'event_name'], indexes=[{'columns': ['event_day', 'event_name'], 'unique': true}]) }}
select event_day, event_name, count(*) as events, count(distinct user_id) as users, sum(amount) as amount
from {{ ref('stg_events') }}
{% if is_incremental() %}
where event_time >= (select max(event_day)::timestamp at time zone 'UTC' from {{ this }})
{% endif %}
group by event_day, event_name
`,
  active_users: `{{ config(materialized='incremental', incremental_strategy='time_range', event_time='event_day',
  begin='${firstDay}', time_grain='day', batch_size='month', lookback=1, indexes=[{'columns': ['event_day']}]) }}
{%- set from = model.batch.event_time_start.date() if model.batch else '${firstDay}' %}
{%- set to = model.batch.event_time_end.date() if model.batch else '${firstDay}' %}
select days.event_day::date as event_day, count(distinct activity.user_id) as weekly_active_users
from generate_series('{{ from }}'::date, '{{ to }}'::date - 1, interval '1 day') as days (event_day)
inner join {{ ref('daily_user_metrics').render() }} as activity
    on activity.event_day > days.event_day - interval '7 days' and activity.event_day <= days.event_day
where activity.event_day > '{{ from }}'::date - 7 and activity.event_day < '{{ to }}'::date
group by 1
`,
  daily_summary: `{{ config(materialized='view') }}
select metrics.event_day, sum(metrics.events) as events, sum(metrics.amount) as amount,
    max(active_users.weekly_active_users) as weekly_active_users
from {{ ref('daily_event_metrics') }} as metrics
left join {{ ref('active_users') }} as active_users on metrics.event_day = active_users.event_day
group by metrics.event_day
`,
}

/** Writes the project; its events are in `raw` of the embedded server. */
export function writeNightlyProject(folder: string): void {
  mkdirSync(join(folder, 'models'), { recursive: true })
  writeFileSync(
    join(folder, 'project.yml'),
    "name: nightly\nversion: '1.0'\ntarget: local\ntargets:\n  local: { engine: embedded, schema: marts, threads: 4 }\n",
  )
  writeFileSync(
    join(folder, 'models', 'sources.yml'),
    'sources:\n  - name: raw\n    tables:\n      - { name: events, config: { event_time: event_time } }\n',
  )
  for (const [name, text] of Object.entries(models))
    writeFileSync(join(folder, 'models', `${name}.sql`), text)
}

/** Makes the table of events anew, with so many days of so many. */
export async function makeHistory(session: Session, days: number, eventsPerDay: number): Promise<void> {
  await session.query(sql`drop schema if exists marts cascade`)
  await session.query(sql`drop schema if exists raw cascade`)
  await session.query(sql`create schema raw`)
  await session.query(sql`create table raw.events (
    event_id bigint not null, user_id int not null, event_time timestamptz not null, event_name text not null,
    amount int not null)`)
  await addDays(session, 0, days, eventsPerDay)
  await session.query(sql`create index on raw.events (event_time)`)
  await session.query(sql`vacuum (analyze) raw.events`)
}

/** Adds the events of some days, as a loader would in the night. */
export async function addDays(
  session: Session,
  fromDay: number,
  days: number,
  eventsPerDay: number,
): Promise<void> {
  await session.query(sql`
    insert into raw.events (event_id, user_id, event_time, event_name, amount)
    select
      number,
      abs(hashint8(number)) % ${users}::int,
      ${firstDay}::timestamp at time zone 'UTC' + number * interval '1 day' / ${eventsPerDay}::int,
      (array['view', 'view', 'view', 'search', 'play', 'purchase'])[1 + abs(hashint8extended(number, 1)) % 6],
      (abs(hashint8extended(number, 2)) % 10000)::int
    from generate_series(
      ${fromDay}::bigint * ${eventsPerDay}::bigint,
      ${fromDay + days}::bigint * ${eventsPerDay}::bigint - 1
    ) as number`)
}

/** The end of a day of the history: what a run at that time takes for now. */
export function endOfDay(day: number): string {
  return new Date(Date.parse(`${firstDay}T00:00:00Z`) + day * 86_400_000).toISOString().slice(0, 10)
}
