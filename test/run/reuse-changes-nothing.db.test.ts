import { expect, test } from 'vitest'
import { makeRandom } from '../../src/stats/random/philox.ts'
import { unsafeSql, withWarehouse } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { projectFile } from './project-files.ts'
import { runProject } from './run-project.ts'

/*
 * Two databases live through the same: random edits of the project and of the data, each followed by a run. In one of
 * them runs keep what they may, in the other they build everything. What readers find has to be the same.
 */

const projects = 3
const edits = 12
const startedAt = Date.parse('2026-05-01T00:00:00Z')

/** What of the project an edit may change; the files are made from it. */
interface Shape {
  readonly factor: number
  readonly least: number
  readonly unlogged: boolean
  readonly seedRows: number
  readonly shift: number
  readonly remark: number
}

/** Draws a whole number from 1 to the one given. */
type Draw = (most: number) => number

type Edit = (random: Draw, shape: Shape) => { readonly shape?: Partial<Shape>; readonly sql?: string }

const someId = (random: Draw) => random(8)

const allEdits: Readonly<Record<string, Edit>> = {
  nothing: () => ({}),
  remark: (_, { remark }) => ({ shape: { remark: remark + 1 } }),
  macro: (random) => ({ shape: { factor: random(4) } }),
  sql: (random) => ({ shape: { least: random(30) } }),
  config: (_, { unlogged }) => ({ shape: { unlogged: !unlogged } }),
  'seed file': (random) => ({ shape: { seedRows: 1 + random(3) } }),
  'view below': (random) => ({ shape: { shift: random(5) } }),
  insert: (random) => ({ sql: `insert into raw.orders values (${someId(random)}, ${random(50)})` }),
  update: (random) => ({
    sql: `update raw.orders set amount = ${random(50)} where id = ${someId(random)}`,
  }),
  delete: (random) => ({ sql: `delete from raw.orders where id = ${someId(random)}` }),
  'table rewritten': () => ({
    sql: 'create table raw.n as select * from raw.orders; drop table raw.orders cascade; alter table raw.n rename to orders',
  }),
  'source truncated': () => ({ sql: 'truncate raw.orders' }),
  'source untouched but vacuumed': () => ({ sql: 'vacuum raw.orders' }),
  'result altered by hand': (random) => ({ sql: `update analytics.big set amount = ${random(9)}` }),
  'result emptied by hand': () => ({ sql: 'delete from analytics.regions' }),
  'result dropped': () => ({ sql: 'drop table analytics.summed cascade' }),
  'increment altered by hand': () => ({ sql: 'delete from analytics.seen' }),
}

function filesOf({ factor, least, unlogged, seedRows, shift, remark }: Shape) {
  const rows = Array.from({ length: seedRows }, (_, index) => `${index + 1},region ${index + 1}`)
  return {
    'project.yml': projectFile,
    'seeds/regions.csv': `id,name\n${rows.join('\n')}\n`,
    'macros/scaled.sql': `{% macro scaled(x) %}${factor} * {{ x }}{% endmacro %}`,
    'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: orders }] }]',
    'models/shifted.sql': `select id, amount + ${shift} as amount from {{ source('raw', 'orders') }}`,
    'models/big.sql': `{{ config(materialized='table', unlogged=${unlogged}) }} -- remark ${remark}
      select id, amount from {{ ref('shifted') }} where amount > ${least}`,
    'models/summed.sql': `{{ config(materialized='table') }}
      select r.name, coalesce(sum({{ scaled('b.amount') }}), 0) as total
      from {{ ref('regions') }} r left join {{ ref('big') }} b on b.id % 3 = r.id % 3 group by r.name`,
    'models/kept.sql': `{{ config(materialized='materialized_view') }} select sum(total) as total from {{ ref('summed') }}`,
    'models/seen.sql': `{{ config(materialized='incremental', unique_key='id') }}
      select distinct on (id) id, amount from {{ source('raw', 'orders') }}
      {% if is_incremental() %}where id > coalesce((select max(id) from {{ this }}), 0){% endif %} order by id, amount`,
    'models/log.sql': `{{ config(materialized='incremental', incremental_strategy='append') }} select count(*) as n from {{ ref('seen') }}`,
    'snapshots/history.sql': `{% snapshot history %}
      {{ config(unique_key='id', strategy='check', check_cols=['amount'], target_schema='analytics') }}
      select id, max(amount) as amount from {{ ref('shifted') }} group by id
      {% endsnapshot %}`,
  }
}

const readers: Readonly<Record<string, string>> = {
  regions: 'select * from analytics.regions order by id',
  shifted: 'select * from analytics.shifted order by 1, 2',
  big: 'select * from analytics.big order by 1, 2',
  summed: 'select * from analytics.summed order by name',
  kept: 'select * from analytics.kept',
  seen: 'select * from analytics.seen order by id',
  log: 'select * from analytics.log order by n',
  history: 'select id, amount, dbt_valid_from, dbt_valid_to from analytics.history order by 1, 3',
}

const keeping = useTestDatabase()
const building = useTestDatabase()

test.each(Array.from({ length: projects }, (_, seed) => seed + 1))(
  'a run that keeps what it may leaves what one leaves that builds everything (seed %i)',
  async (seed) => {
    const stream = makeRandom(seed, 0)
    const random: Draw = (most) => 1 + Math.floor(stream.uniform() * most)
    let shape: Shape = { factor: 2, least: 5, unlogged: false, seedRows: 2, shift: 0, remark: 0 }
    const send = async (database: typeof keeping, text: string) =>
      withWarehouse(database.connection, { threads: 1, applicationName: 'somebody' }, async (warehouse) => {
        let rows: unknown[] = []
        for (const statement of text.split('; ')) rows = (await warehouse.query(unsafeSql(statement))).rows
        return rows
      })
    const run = (database: typeof keeping, reuse: 'all' | 'none', round: number) =>
      withProject(filesOf(shape), (root) =>
        runProject(root, database.connection, {
          env: { DATABASE_URL: database.url },
          reuse,
          clock: () => new Date(startedAt + round * 60_000),
        }),
      )
    for (const database of [keeping, building])
      await send(
        database,
        'drop schema if exists analytics, raw, estimand cascade; create schema raw; create table raw.orders as select id, 10 * id as amount from generate_series(1, 5) as id',
      )
    const names = Object.keys(allEdits)
    let reused = 0
    let compared = 0
    for (let round = 0; round < edits; round++) {
      // Twice nothing first: only then is every kind of node kept at all.
      const name = round < 3 ? 'nothing' : names[random(names.length) - 1]!
      const edit = allEdits[name]!(random, shape)
      shape = { ...shape, ...edit.shape }
      if (edit.sql !== undefined) for (const database of [keeping, building]) await send(database, edit.sql)
      const kept = await run(keeping, 'all', round)
      const built = await run(building, 'none', round)
      expect(built.result.results.map(({ status }) => status)).not.toContain('reused')
      reused += kept.result.results.filter(({ status }) => status === 'reused').length
      expect([name, kept.result.status, built.result.status]).toEqual([name, 'success', 'success'])
      for (const [relation, query] of Object.entries(readers)) {
        compared++
        expect([name, relation, await send(keeping, query)]).toEqual([
          name,
          relation,
          await send(building, query),
        ])
      }
    }
    console.info(`seed ${seed}: ${edits} edits, ${reused} nodes kept, ${compared} relations compared`)
    expect(reused).toBeGreaterThan(edits)
  },
  600_000,
)
