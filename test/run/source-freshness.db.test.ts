import { beforeAll, expect, test } from 'vitest'
import type { SourceFreshness } from '../../src/run/artifacts/index.ts'
import { checkFreshness } from '../../src/run/source-freshness.ts'
import { sql, withWarehouse } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { compileProject, useProjectDatabase } from './run-project.ts'

const sources = `
sources:
  - name: shop
    schema: shop
    config: { loaded_at_field: at, freshness: { warn_after: { count: 1, period: hour }, error_after: { count: 1, period: day } } }
    tables:
      - name: fresh
      - { name: late, config: { loaded_at_field: "at::timestamp" } }
      - { name: stale, config: { freshness: { error_after: { count: 90, period: minute }, filter: "id = 1" } } }
      - { name: asked, config: { loaded_at_query: "select at from shop.fresh limit 1;" } }
      - name: empty
      - name: missing
      - { name: switched_off, config: { freshness: null } }
`

const database = useProjectDatabase()
const now = new Date('2026-03-01T12:00:00Z')

beforeAll(async () => {
  await database.rows(sql`create schema shop`)
  await database.rows(
    sql`create table shop.fresh as select 1 as id, '2026-03-01 12:30+01'::timestamptz as at`,
  )
  await database.rows(sql`create table shop.late as select 1 as id, '2026-03-01 09:00'::timestamp as at`)
  await database.rows(sql`
    create table shop.stale as
    select * from (values (1, '2026-02-28 12:00Z'::timestamptz), (2, '2026-03-01 11:59Z')) as rows (id, at)`)
  await database.rows(sql`create table shop.empty (id int, at timestamptz)`)
})

test('sources are as old as their newest row', async () => {
  const told: SourceFreshness[] = []
  const results = await withProject(
    { 'project.yml': projectFile, 'models/sources.yml': sources },
    async (root) => {
      const { manifest } = await compileProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
      })
      return withWarehouse(database.connection, { threads: 2, applicationName: 'test' }, (warehouse) =>
        checkFreshness(
          { manifest, warehouse, nodeIds: Object.keys(manifest.nodes), threads: 2, commentOf: () => null },
          { clock: () => now, onResult: (result) => told.push(result) },
        ),
      )
    },
  )
  expect(told).toHaveLength(6)
  const shown = results.map(({ nodeId, status, ageSeconds, maxLoadedAt, error }) => [
    nodeId.split('.').at(-1),
    status,
    ageSeconds,
    maxLoadedAt ?? error,
  ])
  expect(shown.sort()).toEqual([
    ['asked', 'pass', 1800, '2026-03-01T11:30:00.000Z'],
    ['empty', 'error', null, 'it has no rows'],
    ['fresh', 'pass', 1800, '2026-03-01T11:30:00.000Z'],
    ['late', 'warn', 10_800, '2026-03-01T09:00:00.000Z'],
    ['missing', 'runtime error', null, 'relation "shop.missing" does not exist'],
    ['stale', 'error', 86_400, '2026-02-28T12:00:00.000Z'],
  ])
})
