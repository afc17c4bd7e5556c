import { beforeEach, describe, expect, test } from 'vitest'
import { unsafeSql, withWarehouse } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { projectFile } from './project-files.ts'
import { rollBack } from './roll-back.ts'
import { type ProjectRun, type ProjectRunOptions, runProject } from './run-project.ts'

/** A project whose tables say which version of it made them. */
const version = (n: number): Files => ({
  'project.yml': projectFile,
  'seeds/regions.csv': `id,name\n1,v${n}\n`,
  'models/base.sql': `{{ config(materialized='table', indexes=[{'columns': ['n']}]) }} select ${n} as n, ${n} as extra`,
  'models/seen.sql': `select n, '${n}' as by from {{ ref('base') }}`,
  'models/filled.sql': `{{ config(materialized='materialized_view', indexes=[{'columns': ['n']}]) }}
    select n, '${n}' as by from {{ ref('seen') }}`,
})

describe('a rollback', () => {
  const database = useTestDatabase()
  const run = (files: Files, options: ProjectRunOptions = {}): Promise<ProjectRun> =>
    withProject(files, (root) =>
      runProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
        reuse: 'all',
        keepPublications: 2,
        ...options,
      }),
    )
  const send = (text: string) =>
    withWarehouse(database.connection, { threads: 1, applicationName: 'somebody' }, async (warehouse) => {
      const { rows } = await warehouse.query(unsafeSql(text))
      return rows
    })
  const back = (options: { to?: string; dryRun?: boolean } = {}) => rollBack(database.connection, options)
  /** Which version stands, by every way in which a reader may ask. */
  const standing = async () => {
    const [row] = await send(`
      select
        (select n from analytics.base) as base, (select by from analytics.seen) as seen,
        (select by from analytics.filled) as filled, (select name from analytics.regions) as region,
        (select count(*) from pg_indexes where schemaname = 'analytics' and tablename in ('base', 'filled')) as indexes`)
    return row
  }
  const whole = (n: number) => ({ base: n, seen: String(n), filled: String(n), region: `v${n}`, indexes: 2 })
  const kept = async () =>
    (await send(`select nspname from pg_namespace where nspname like 'estimand\\_kept%' order by 1`)).length
  const madeBy = () => send('select relation_name, run_id from estimand.publications order by 1')

  beforeEach(async () => {
    for (const { nspname } of await send(
      `select nspname from pg_namespace where nspname like 'estimand\\_kept%'`,
    ))
      await send(`drop schema ${nspname} cascade`)
    await send('drop schema if exists analytics, others, estimand cascade')
  })

  test('puts back tables, views and seeds, and what the store says of them', async () => {
    await run(version(1))
    const made = await madeBy()
    const hashes = () => send('select distinct manifest_hash as hash from estimand.published_relations')
    const before = await hashes()
    expect(before).toEqual([{ hash: expect.stringMatching(/^[0-9a-f]{16}$/) }])
    await run(version(2))
    expect(await standing()).toEqual(whole(2))
    const dry = await back({ dryRun: true })
    expect(dry.restored.map(({ relation }) => relation.identifier)).toEqual([
      'base',
      'filled',
      'regions',
      'seen',
    ])
    expect(await standing()).toEqual(whole(2))
    await back()
    expect(await standing()).toEqual(whole(1))
    expect(await madeBy()).toEqual(made)
    expect(await hashes()).toEqual(before)
    expect(await send('select count(*) as n from estimand.runs where rolled_back_at is not null')).toEqual([
      { n: 1 },
    ])
    expect(await send(`select status from estimand.runs where command = 'rollback'`)).toEqual([
      { status: 'success' },
    ])
  })

  test('goes back twice, as far as publications are kept, and to one that is named', async () => {
    for (const n of [1, 2, 3]) await run(version(n))
    await back()
    expect(await standing()).toEqual(whole(2))
    await back()
    expect(await standing()).toEqual(whole(1))
    await expect(back()).rejects.toThrow('nothing is kept')
    const second = await run(version(2))
    await run(version(3))
    await run(version(4))
    await back({ to: second.result.runId.slice(0, 13) })
    expect(await standing()).toEqual(whole(2))
  })

  test('refuses where nothing was replaced', async () => {
    await run(version(1))
    await expect(back()).rejects.toThrow('published for the first time')
  })

  test('leaves what was published for the first time, which is built anew', async () => {
    await run(version(1))
    await run({ ...version(2), 'models/more.sql': "{{ config(materialized='table') }} select 1 as one" })
    const { left } = await back()
    expect(left).toEqual([{ schema: 'analytics', identifier: 'more' }])
    expect(await send('select one from analytics.more')).toEqual([{ one: 1 }])
    expect(await standing()).toEqual(whole(1))
  })

  test('is not undone by what a later run would reuse', async () => {
    await run(version(1))
    await run(version(2))
    await back()
    const again = await run(version(2))
    expect(again.result.results.map(({ status }) => status)).toEqual([
      'success',
      'success',
      'success',
      'success',
    ])
    expect(await standing()).toEqual(whole(2))
    await back()
    const same = await run(version(1))
    expect(same.result.results.map(({ status }) => status)).not.toContain('reused')
    expect(await standing()).toEqual(whole(1))
  })

  test('keeps grants, comments, policies, triggers and the views of others, and refuses where one would break', async () => {
    await send('drop role if exists rollback_reader')
    await send('create role rollback_reader')
    try {
      await run(version(1))
      await send('create schema others')
      await send('create view others.report as select n from analytics.base')
      await send('grant select on analytics.base to rollback_reader')
      await send('alter table analytics.base enable row level security')
      await send('create policy everybody on analytics.base for select using (true)')
      await send(
        'create function others.nothing() returns trigger language plpgsql as $$ begin return new; end $$',
      )
      await send(
        'create trigger watch before insert on analytics.base for each row execute function others.nothing()',
      )
      await send(`comment on table analytics.base is 'as of today'`)
      await run(version(2))
      await back()
      const hanging = () =>
        send(`
          select
            (select n from others.report) as report,
            has_table_privilege('rollback_reader', 'analytics.base', 'select') as granted,
            obj_description('analytics.base'::regclass) as comment,
            (select count(*) from pg_policy where polrelid = 'analytics.base'::regclass) as policies,
            (select relrowsecurity from pg_class where oid = 'analytics.base'::regclass) as secured,
            (select count(*) from pg_trigger where tgrelid = 'analytics.base'::regclass and not tgisinternal) as triggers`)
      const all = { granted: true, comment: 'as of today', policies: 1, secured: true, triggers: 1 }
      expect(await hanging()).toEqual([{ report: 1, ...all }])
      await run({
        ...version(2),
        'models/base.sql': "{{ config(materialized='table') }} select 2 as n, 2 as extra, 5 as later",
      })
      await send('create view others.late as select later from analytics.base')
      await expect(back()).rejects.toThrow(/others.late/)
      expect(await hanging()).toEqual([{ report: 2, ...all }])
      await send('drop view others.late')
      await back()
      expect(await hanging()).toEqual([{ report: 1, ...all }])
    } finally {
      await send('drop schema if exists others cascade')
      await send('drop owned by rollback_reader')
      await send('drop role rollback_reader')
    }
  })

  test('refuses where something was changed in place of which nothing can be kept, and names it', async () => {
    const grown = (n: number) => ({
      ...version(n),
      'models/log.sql': "{{ config(materialized='incremental') }} select n from {{ ref('base') }}",
    })
    await run(grown(1))
    // Rows of parts are not those of the table.
    await send('create table analytics.part () inherits (analytics.log)')
    await run(grown(2))
    await expect(back()).rejects.toThrow(/changed in place: analytics.log/)
    expect(await standing()).toEqual(whole(2))
  })

  test('refuses when another run has published some of it since', async () => {
    await run(version(1))
    await run(version(2))
    await run(version(3), { publish: 'node' })
    await expect(back()).rejects.toThrow(/another run has published .*analytics.base/)
    expect(await standing()).toEqual(whole(3))
  })

  test('that is cut off anywhere has happened or not', async () => {
    await run(version(1))
    await run(version(2))
    let cut = 0
    for (let delayMs = 0; delayMs < 400; delayMs += 40) {
      const killer = withWarehouse(
        database.connection,
        { threads: 1, applicationName: 'killer' },
        async (warehouse) => {
          await new Promise((resolve) => setTimeout(resolve, delayMs))
          await warehouse.query(
            unsafeSql(`select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name = 'estimand test'`),
          )
        },
      )
      const [, ended] = await Promise.allSettled([killer, back()])
      const now = await standing()
      expect([whole(1), whole(2)]).toContainEqual(now)
      if (ended.status === 'rejected') cut++
      if (now!['base'] === 1) await run(version(2))
    }
    console.info(`10 rollbacks, ${cut} cut off`)
    await back()
    expect(await standing()).toEqual(whole(1))
  })

  test('old publications are dropped, and all of them when none are to be kept', async () => {
    for (const n of [1, 2, 3, 4]) await run(version(n))
    expect(await kept()).toBe(2)
    expect(await send('select count(*) as n from estimand.kept_publications')).toEqual([{ n: 2 }])
    await run(version(5), { keepPublications: 0 })
    expect(await kept()).toBe(0)
    await expect(back()).rejects.toThrow(/nothing is kept/)
  })

  test('a run that was cut off behind its publication counts as interrupted', async () => {
    const { result } = await run(version(1))
    await send(`update estimand.runs set status = 'running' where run_id = '${result.runId}'`)
    await run(version(1))
    expect(await send(`select status from estimand.runs where run_id = '${result.runId}'`)).toEqual([
      { status: 'interrupted' },
    ])
  })
})
