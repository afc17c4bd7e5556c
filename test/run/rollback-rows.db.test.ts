import { beforeEach, describe, expect, test } from 'vitest'
import { makeRandom } from '../../src/stats/random/philox.ts'
import { unsafeSql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { rollBack } from './roll-back.ts'
import { type ProjectRun, type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/*
 * Increments and snapshots change their tables in place. A rollback leaves in them what was there before: the rows
 * that the publication took out or overwrote, and not the ones that it wrote.
 */

const incremental = (config: string, sql = 'select id, day, amount, note, doc from raw.events'): string =>
  `{{ config(materialized='incremental'${config}) }}\n${sql}\n`

const recent = "{% if is_incremental() %} where day >= '{{ var('since') }}' {% endif %}"

const base: Files = {
  'project.yml': projectFile,
  'models/events.yml': `
sources:
  - name: raw
    tables: [{ name: events, config: { event_time: day } }]
`,
  'models/appended.sql': incremental('', `select id, day, amount, note, doc from raw.events ${recent}`),
  'models/replaced.sql': incremental(
    ", unique_key='id', incremental_strategy='delete+insert'",
    `select id, day, amount, note, doc from raw.events ${recent}`,
  ),
  'models/merged.sql': incremental(", unique_key='id', incremental_strategy='merge'"),
  'models/partly_merged.sql': incremental(
    ", unique_key='id', incremental_strategy='merge', merge_update_columns=['amount']",
  ),
  'models/batched.sql': incremental(
    ", unique_key='id', incremental_strategy='microbatch', event_time='day', begin='2025-01-01', batch_size='year'",
    "select id, day, amount, note from {{ source('raw', 'events') }}",
  ),
  'models/timed.sql': incremental(
    ", incremental_strategy='time_range', event_time='day', begin='2025-01-01', time_grain='year'",
    "select day, sum(amount)::int as amount from {{ source('raw', 'events') }} group by 1",
  ),
  'models/reads.sql': "select count(*)::int as n, sum(amount)::int as amount from {{ ref('merged') }}",
  'models/filled.sql':
    "{{ config(materialized='materialized_view') }} select id, amount from {{ ref('replaced') }}",
  'snapshots/history.sql': `{% snapshot history %}
{{ config(unique_key='id', strategy='check', check_cols=['amount', 'note'], invalidate_hard_deletes=true) }}
select id, amount, note from raw.events
{% endsnapshot %}`,
  'functions/doubled.sql': "select value * {{ var('factor') }}",
  'functions/functions.yml': `
functions:
  - { name: doubled, arguments: [{ name: value, data_type: int }], returns: { data_type: int } }
`,
}

const tables = [
  ...['appended', 'replaced', 'merged', 'partly_merged', 'batched', 'timed', 'reads', 'filled'],
  'history',
] as const

describe('a rollback of what was changed in place', () => {
  const database = useProjectDatabase()
  const send = (text: string) => database.rows(unsafeSql(text))
  const run = async (
    vars: object,
    files: Files = {},
    options: ProjectRunOptions = {},
  ): Promise<ProjectRun> => {
    const done = await withProject({ ...base, ...files }, (root) =>
      runProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
        keepPublications: 3,
        reuse: 'all',
        ...options,
        vars: { since: '2025-01-01', factor: 2, ...vars },
      }),
    )
    expect(done.result).toMatchObject({ status: 'success', published: true, problems: [] })
    return done
  }
  const back = (to?: string) => rollBack(database.connection, to === undefined ? {} : { to })

  /** All rows of everything, what the function says, and which stretches the ledger knows. */
  const state = async (): Promise<unknown> => {
    const parts = tables.map(
      (name) =>
        `'${name}', (select jsonb_agg(to_jsonb(r) order by to_jsonb(r)::text) from analytics.${name} as r)`,
    )
    const [row] = await send(`
      select jsonb_build_object(
        ${parts.join(',\n        ')},
        'doubled', analytics.doubled(21),
        'times', (
          select jsonb_agg(jsonb_build_array(relation_name, from_time) order by relation_name, from_time)
          from estimand.intervals
        ),
        'made_by', (select jsonb_object_agg(relation_name, run_id) from estimand.publications)
      ) as state`)
    return row!['state']
  }

  beforeEach(async () => {
    for (const { nspname } of await send(
      `select nspname from pg_namespace where nspname like 'estimand\\_kept%'`,
    ))
      await send(`drop schema ${nspname} cascade`)
    await send('drop schema if exists analytics, raw, others, estimand cascade')
    await send('create schema raw')
    await send('create table raw.events (id int, day date, amount int, note text, doc json)')
    await send(`insert into raw.events
      select n, date '2025-01-01' + n * 20, n * 10, case when n % 3 > 0 then 'note' end, '{"a": 1}' from generate_series(1, 20) n`)
  })

  test('puts back every kind of increment, snapshots and functions, with what is made from them', async () => {
    await run({})
    const before = await state()
    await send('update raw.events set amount = amount + 1 where id % 2 = 0')
    await send('delete from raw.events where id = 3')
    await send(
      `insert into raw.events values (100, '2026-02-02', 7, null, null), (null, '2026-02-03', 8, null, null)`,
    )
    await run({ factor: 3 })
    const after = await state()
    expect(after).not.toEqual(before)
    const [{ oid }] = (await send(`select 'analytics.merged'::regclass::oid::text as oid`)) as [
      { oid: string },
    ]
    const { restored } = await back()
    expect(await state()).toEqual(before)
    expect(restored.filter(({ kind }) => kind === 'rows').map(({ relation }) => relation.identifier)).toEqual(
      ['appended', 'batched', 'history', 'merged', 'partly_merged', 'replaced', 'timed'],
    )
    expect(await send(`select 'analytics.merged'::regclass::oid::text as oid`)).toEqual([{ oid }])
    expect(
      await send(
        `select relname from pg_class where relnamespace::regnamespace::text like 'estimand\\_kept%'`,
      ),
    ).toEqual([])
  })

  test('also after the server has tidied up, and with rows, grants and indexes of others about', async () => {
    await run({})
    await send('create index by_note on analytics.merged (note)')
    await send('create schema others')
    await send('create view others.report as select sum(amount) as amount from analytics.merged')
    const before = await state()
    await send('update raw.events set amount = 0')
    await run({})
    for (const name of ['merged', 'appended', 'history'])
      await send(`vacuum (full, freeze) analytics.${name}`)
    await back()
    expect(await state()).toEqual(before)
    expect(await send('select amount::int from others.report')).toEqual([{ amount: 2100 }])
    expect(await send(`select 1 as one from pg_indexes where indexname = 'by_note'`)).toEqual([{ one: 1 }])
  })

  test('is refused where somebody has changed the rows since', async () => {
    await run({})
    await send('update raw.events set amount = amount + 1')
    await run({})
    await send('update analytics.merged set amount = 5 where id = 1')
    const after = await state()
    await expect(back()).rejects.toThrow(/the rows of analytics.merged are not those/)
    expect(await state()).toEqual(after)
  })

  test('brings back columns that were dropped, and takes away those that came', async () => {
    const wide = incremental(
      ", unique_key='id', incremental_strategy='merge', on_schema_change='sync_all_columns'",
    )
    const other = wide.replace('note, doc', "'x' as extra, amount::text as worded")
    const [first, second] = [wide, other].map((sql) => ({ 'models/merged.sql': sql }))
    await run({}, first)
    await send('create unique index by_id on analytics.merged (id)')
    const before = await state()
    await run({}, second)
    expect(await state()).not.toEqual(before)
    await back()
    expect(await state()).toEqual(before)
    expect(await send(`select 1 as one from pg_indexes where indexname = 'by_id'`)).toEqual([{ one: 1 }])
  })

  test('goes back any number of publications, at once or one by one, after any history', async () => {
    const random = makeRandom(Number(process.env['ESTIMAND_FAULTS_SEED'] ?? 1), 17)
    const history: { runId: string; state: unknown }[] = []
    let kept = 0
    let day = 1
    let rolledBack = 0
    const change = async (): Promise<void> => {
      const some = random.int(5)
      await send(`update raw.events set amount = amount + ${day} where id % 5 = ${some}`)
      if (random.bernoulli(0.3)) await send(`delete from raw.events where id % 11 = ${some}`)
      await send(`insert into raw.events
        select 1000 + ${day} * 10 + n, date '2026-01-01' + ${day}, n, null, null from generate_series(1, ${some}) n`)
      await send(`insert into raw.events (day, amount)
        select date '2026-01-01' + ${day}, 1 where not exists (select from raw.events where id is null)`)
    }
    for (; day <= 14; day++) {
      await change()
      const anew = random.bernoulli(0.15)
      const { result } = await run(
        { factor: day, since: `2026-01-${String(Math.max(1, day - 1)).padStart(2, '0')}` },
        {},
        { fullRefresh: anew },
      )
      history.push({ runId: result.runId, state: await state() })
      if (day > 1) kept = Math.min(3, kept + 1)
      if (kept === 0 || random.bernoulli(0.3)) continue
      const steps = 1 + random.int(kept)
      const at = history.length - 1 - steps
      if (random.bernoulli(0.5)) await back(history[at]!.runId)
      else for (let step = 0; step < steps; step++) await back()
      expect(await state(), `day ${day}, ${steps} back`).toEqual(history[at]!.state)
      history.splice(at + 1)
      kept -= steps
      rolledBack += steps
    }
    console.info(`${rolledBack} publications of 14 taken back`)
    expect(rolledBack).toBeGreaterThan(5)
  })
})
