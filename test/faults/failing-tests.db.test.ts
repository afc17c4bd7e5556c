import { afterAll, beforeAll, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from '../run/project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from '../run/run-project.ts'
import { tell } from './seeded.ts'

/*
 * A test of any kind that fails, on a node of any kind, leaves everything that is published as it was.
 */

const database = useProjectDatabase()
let states = 0

const genericTest = `{% test is_good(model, what) %}
select * from {{ model }} where '{{ var("bad", "") }}' = '{{ what }}'
{% endtest %}`

const tested = (kind: string, more = '') =>
  `    data_tests: [{ is_good: { what: ${kind}${more && `, config: ${more}`} } }]\n`

const files = (run: number): Files => ({
  'project.yml': projectFile,
  'tests/generic/is_good.sql': genericTest,
  'seeds/seed.csv': `id,run\n1,${run}\n2,${run}\n`,
  'models/table.sql': "{{ config(materialized='table') }} select id, run from {{ ref('seed') }}",
  'models/view.sql': "select id, {{ var('run') }} as run from {{ ref('table') }}",
  'models/matview.sql':
    "{{ config(materialized='materialized_view') }} select id, run from {{ ref('table') }}",
  'models/grown.sql':
    "{{ config(materialized='incremental', unique_key='id') }} select id, run from {{ ref('table') }}",
  'snapshots/history.sql': `{% snapshot history %}{{ config(unique_key='id', strategy='check', check_cols=['run']) }}
select id, run from {{ ref('table') }}{% endsnapshot %}`,
  'models/after.sql': "{{ config(materialized='table') }} select max(run) as run from {{ ref('grown') }}",
  'models/unit.sql': `{{ config(materialized='table') }}
select id * {{ 2 if var('bad', '') == 'unit' else 1 }} as id, {{ var('run') }} as run from {{ ref('seed') }}`,
  'tests/singular.sql': `select * from {{ ref('grown') }} where '{{ var("bad", "") }}' = 'singular'`,
  'models/models.yml': `
models:
  - name: table
${tested('table')}  - name: view
${tested('view')}  - name: matview
${tested('matview')}  - name: grown
${tested('grown')}  - name: unit
  - name: after
    data_tests:
      - is_good: { what: warned, config: { severity: warn } }
      - is_good: { what: kept, config: { store_failures: true } }
      - is_good: { what: enough, config: { severity: error, error_if: '>100', warn_if: '>0' } }
seeds:
  - name: seed
${tested('seed')}snapshots:
  - name: history
${tested('history')}unit_tests:
  - name: same
    model: unit
    given: [{ input: ref('seed'), rows: [{ id: 3 }] }]
    expect: { rows: [{ id: 3 }] }
`,
})

const run = (number: number, options: ProjectRunOptions = {}) =>
  withProject(files(number), (root) =>
    runProject(root, database.connection, {
      env: { DATABASE_URL: database.url },
      ...options,
      vars: { run: number, ...options.vars },
    }),
  )

/** Everything that readers see, and which relations stand there. */
async function published(): Promise<unknown> {
  const relations = ['seed', 'table', 'view', 'matview', 'grown', 'history', 'after', 'unit']
  const parts = relations.map(
    (name) => sql`(select jsonb_agg(to_jsonb(r) order by r) from ${sql.ident('analytics', name)} as r)`,
  )
  const [row] = await database.rows(sql`
    select
      jsonb_build_array(${sql.join(parts, ', ')}) as rows,
      (
        select jsonb_object_agg(c.relname, c.oid::int8)
        from pg_class c where c.relnamespace = 'analytics'::regnamespace and c.relkind in ('r', 'v', 'm')
      ) as oids,
      (select jsonb_agg(p order by p.relation_name) from estimand.publications p) as publications`)
  states++
  return row
}

let number = 1
beforeAll(async () => {
  const { result } = await run(number)
  expect(result.problems).toEqual([])
  expect(result.results.filter(({ problem }) => problem).map(({ message }) => message)).toEqual([])
  expect(result.status).toBe('success')
})

afterAll(() => tell(`tests of every kind failed on nodes of every kind, ${states} states checked`))

test.each([
  ['a generic one on a seed', 'seed', ['table', 'grown', 'after', 'history', 'unit']],
  ['a generic one on a table', 'table', ['view', 'matview', 'grown', 'after', 'history']],
  ['a generic one on a view', 'view', []],
  ['a generic one on a materialized view', 'matview', []],
  ['a generic one on an increment', 'grown', ['after']],
  ['a generic one on a snapshot', 'history', []],
  ['a singular one', 'singular', ['after']],
  ['a unit test', 'unit', ['unit']],
  ['one that keeps its rows', 'kept', []],
] as const)('%s', async (_name, bad, skipped) => {
  const before = await published()
  number++
  const { result, node } = await run(number, { vars: { bad } })
  expect(result).toMatchObject({ status: 'failed', published: false })
  expect(result.results.filter(({ status }) => status === 'fail')).toHaveLength(1)
  expect(result.results.filter(({ status }) => status === 'error')).toEqual([])
  for (const name of skipped) expect(node(name).status).toBe('skipped')
  expect(await published()).toEqual(before)
})

test.each(['warned', 'enough'])('one that only warns (%s) lets it through', async (bad) => {
  number++
  const { result } = await run(number, { vars: { bad } })
  expect(result.results.filter(({ status }) => status === 'warn')).toHaveLength(1)
  expect(result).toMatchObject({ status: 'success', published: true })
  expect(await database.rows(sql`select run from analytics.after`)).toEqual([{ run: number }])
  states++
})
