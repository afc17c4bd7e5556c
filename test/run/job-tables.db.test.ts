import { beforeEach, describe, expect, test } from 'vitest'
import type { JobTable } from '../../src/jobs/index.ts'
import { catalogArtifact, readCatalog } from '../../src/run/artifacts/catalog-artifact.ts'
import { makeBuilds } from '../../src/run/relations.ts'
import { deferredRelations } from '../../src/run/state/deferred-relations.ts'
import { buildJobTable } from '../../src/run/steps/job-table.ts'
import { publish, sql, unsafeSql, withWarehouse } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { options as artifactOptions, job } from './artifacts/sample-shop.ts'
import { projectFile } from './project-files.ts'
import { rollBack } from './roll-back.ts'
import { compileProject, type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/** An experiment whose health a model reads and a test looks at. */
const project = (shift = 0): Files => ({
  'project.yml': projectFile,
  'models/units.sql': `{{ config(materialized='table') }}
select id, case when id % 2 = 0 then 'a' else 'b' end as arm, id % 7 + ${shift} as score from generate_series(1, 400) as id`,
  'models/verdicts.sql': `{{ config(materialized='table') }}
select job, verdict from {{ ref('checkout__health') }} where check_name = 'sample_ratio'`,
  'models/described.yml': `
jobs:
  - name: checkout__health
    description: Whether checkout can be trusted.
    config: { grants: { select: [public] } }
    columns:
      - { name: verdict, description: What came of it., tests: [{ accepted_values: { values: [ok, not_evaluated] } }] }`,
  'analytics/checkout.yml': `
kind: experiment
question: Is it so?
units: { model: units, unit: id, arm: arm }
control: a
treatments: [b]
metrics: [{ name: score, kind: mean, column: score }]
as_of: '2026-01-01'
config: { tags: [weekly] }`,
})

const database = useProjectDatabase()
const run = (files: Files, options: ProjectRunOptions = {}) =>
  withProject(files, (root) =>
    runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
  )
const rows = (text: string) => database.rows(unsafeSql(text))
const statuses = ({ result }: Awaited<ReturnType<typeof run>>) =>
  result.results.map(({ nodeId, status }) => `${nodeId.replace(/\.[0-9a-f]{10}$/, '')} ${status}`)

beforeEach(async () => {
  await rows('drop schema if exists analytics, estimand, elsewhere cascade')
})

describe('a job that writes several tables', () => {
  test('publishes them together, for models and tests that name one', async () => {
    const built = await run(project())
    expect(built.result.problems).toEqual([])
    expect(statuses(built)).toEqual([
      'model.shop.units success',
      'job.shop.checkout success',
      'test.shop.accepted_values_checkout__health_verdict__ok__not_evaluated pass',
      'model.shop.verdicts success',
    ])
    expect(await rows('select * from analytics.verdicts')).toEqual([{ job: 'checkout', verdict: 'ok' }])
    expect(await rows('select distinct job from analytics.checkout')).toEqual([{ job: 'checkout' }])
    expect(
      await rows(`select relation_name, node_id from estimand.publications
        where relation_name like '%checkout%' order by 1`),
    ).toEqual([
      { relation_name: 'checkout', node_id: 'job.shop.checkout' },
      { relation_name: 'checkout__health', node_id: 'job.shop.checkout' },
      { relation_name: 'checkout__memo', node_id: 'job.shop.checkout' },
    ])
    expect(
      await rows(`select has_table_privilege('public', 'analytics.checkout__health', 'select') as may`),
    ).toEqual([{ may: true }])
    expect(await rows(`select nspname from pg_namespace where nspname like 'estimand\\_build%'`)).toEqual([])
  })

  test('is built when one of its tables is named, and its tests come along with it', async () => {
    await run(project(), { select: ['units'] })
    expect(statuses(await run(project(), { select: ['checkout'] }))).toEqual([
      'job.shop.checkout success',
      'test.shop.accepted_values_checkout__health_verdict__ok__not_evaluated pass',
    ])
    expect(statuses(await run(project(), { select: ['tag:weekly'] }))).toHaveLength(2)
    expect(statuses(await run(project(), { select: ['checkout__health+'] })).at(-1)).toBe(
      'model.shop.verdicts success',
    )
  })

  test('leaves all of them as they were when a test of one fails', async () => {
    await run(project())
    const before = await rows('select as_of, run_id from analytics.checkout limit 1')
    const failing = {
      ...project(1),
      'models/described.yml': String(project()['models/described.yml']).replace(
        '[ok, not_evaluated]',
        '[fail]',
      ),
    }
    const { result } = await run(failing)
    expect(result.published).toBe(false)
    expect(await rows('select as_of, run_id from analytics.checkout limit 1')).toEqual(before)
    expect(await rows('select verdict from analytics.verdicts')).toEqual([{ verdict: 'ok' }])
  })

  test('is rolled back with all its tables', async () => {
    await run(project(), { keepPublications: 2 })
    const [first] = await rows('select distinct run_id from analytics.checkout__health')
    await run(project(1), { keepPublications: 2 })
    expect(await rows('select distinct run_id from analytics.checkout__health')).not.toEqual([first])
    await rollBack(database.connection)
    expect(await rows('select distinct run_id from analytics.checkout__health')).toEqual([first])
    expect(await rows('select distinct run_id from analytics.checkout')).toEqual([first])
  })

  test('stands in the catalogue, and is read from the state where it is not built', async () => {
    await run(project())
    await withProject(project(), async (root) => {
      const { manifest } = await compileProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
      })
      const { nodes } = await withWarehouse(
        database.connection,
        { threads: 1, applicationName: 'test' },
        async (warehouse) => {
          const state = {
            relationOf: (id: string) =>
              id.endsWith('__health') ? { database: 'd', schema: 'elsewhere', identifier: 'health' } : null,
          }
          const request = { manifest, state: state as never, favorState: true, warehouse }
          expect(await deferredRelations({ ...request, built: [] })).toEqual(
            new Map([['analytics.checkout__health', { schema: 'elsewhere', identifier: 'health' }]]),
          )
          expect(await deferredRelations({ ...request, built: ['job.shop.checkout'] })).toEqual(new Map())
          return catalogArtifact(await readCatalog(warehouse, manifest), manifest, artifactOptions)
        },
      )
      expect(Object.keys(nodes)).toEqual(
        expect.arrayContaining(['model.shop.checkout', 'model.shop.checkout__health']),
      )
    })
  })
})

describe('a delta of a job', () => {
  const relation = { schema: 'analytics', identifier: 'totals' }
  const delta = (replaces: Extract<JobTable, { kind: 'delta' }>['replaces']): JobTable => ({
    kind: 'delta',
    suffix: '',
    rows: 1,
    replaces,
  })
  /** Applies a delta of one row to a table of three; gives what readers of the run saw before, and what stands then. */
  const applied = async (table: JobTable) => {
    await rows('create schema analytics')
    await rows('create schema estimand_build_x')
    await rows('create schema estimand_build_x__analytics')
    await rows(
      `create table analytics.totals as select * from (values ('a', date '2026-01-01', 1), ('a', date '2026-01-02', 2), ('b', date '2026-01-02', 3)) t (experiment, day, n)`,
    )
    await rows(
      `create table estimand_build_x.analytics__totals__delta as select 'a' as experiment, date '2026-01-02' as day, 9 as n`,
    )
    const builds = makeBuilds()
    const place = {
      described: job,
      relation,
      context: { builds, plan: { buildSchema: 'estimand_build_x' } as never },
    }
    return withWarehouse(database.connection, { threads: 2, applicationName: 'test' }, async (warehouse) => {
      const action = await warehouse.withSession((session) => buildJobTable(session, table, place))
      const all = 'select experiment, day::text, n from analytics.totals order by 1, 2'
      const seen = await warehouse.query(sql`
        select experiment, day::text, n from ${sql.ident('estimand_build_x__analytics', 'totals')} order by 1, 2`)
      await publish(warehouse, [action], {
        signal: new AbortController().signal,
        buildSchema: 'estimand_build_x',
      })
      const stands = await warehouse.query(unsafeSql(all))
      expect(seen.rows).toEqual(stands.rows)
      return stands.rows
    })
  }

  beforeEach(async () => {
    await rows('drop schema if exists estimand_build_x, estimand_build_x__analytics cascade')
  })

  test('takes the place of the rows with its keys', async () => {
    expect(await applied(delta({ key: ['experiment'] }))).toEqual([
      { experiment: 'a', day: '2026-01-02', n: 9 },
      { experiment: 'b', day: '2026-01-02', n: 3 },
    ])
  })

  test('takes the place of all rows of its times, whether or not it has such', async () => {
    const intervals = [{ from: '2026-01-02', to: '2026-01-03' }]
    expect(await applied(delta({ column: 'day', intervals }))).toEqual([
      { experiment: 'a', day: '2026-01-01', n: 1 },
      { experiment: 'a', day: '2026-01-02', n: 9 },
    ])
  })
})
