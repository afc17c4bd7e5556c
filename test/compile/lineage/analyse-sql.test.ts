import { beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../../src/compile/compile.ts'
import { analyseSql, type SqlAnalysis } from '../../../src/compile/lineage/analyse-sql.ts'
import type { SqlThread } from '../../../src/compile/lineage/sql-thread.ts'
import { loadSqlParser } from '../../../src/compile/sql/syntax.ts'
import { readProject } from '../../../src/project/read-project.ts'
import { type Files, withProject } from '../../project/temp-project.ts'
import { failureOf, target } from '../context/parse-project.ts'

/*
 * Large projects have their SQL looked at by another thread, which knows nothing of them but what it is sent. It has
 * to find what is found here.
 */

const files: Files = {
  'dbt_project.yml': 'name: shop\nprofile: shop\n',
  'seeds/raw.csv': 'order_id,customer_id,amount\n1,1,10\n',
  'models/orders.sql': "select *, amount > 0 as is_paid from {{ ref('raw') }} where amount > 0",
  'models/hidden.sql':
    "{{ config(materialized='ephemeral') }} select order_id, amount from {{ ref('orders') }} join {{ source('crm', 'people') }} using (id)",
  'models/sums.sql':
    "with h as (select * from {{ ref('hidden') }}) select order_id, sum(amount) as s from h group by 1",
  'models/people.sql': "select p.*, nobody from {{ source('crm', 'people') }} p, elsewhere.there t",
  'models/copy.sql':
    "{{ config(inherit_descriptions=true, inherit_tests=['not_null']) }} select * from {{ ref('orders') }}",
  'models/broken.sql': "select 1 as a frm {{ ref('orders') }}",
  'models/of_broken.sql': "select a, b from {{ ref('broken') }}",
  'models/alone.sql': 'select 1 as one',
  'models/wrong_alone.sql': 'select 1 as one two three',
  'snapshots/s.sql':
    "{% snapshot s %}{{ config(unique_key='order_id', strategy='check', check_cols='all', target_schema='x') }}select * from {{ ref('orders') }}{% endsnapshot %}",
  'models/of_snapshot.sql': "select * from {{ ref('s') }}",
  'models/m.yml': `
sources: [{ name: crm, tables: [{ name: people, columns: [{ name: ID }, { name: email }] }] }]
models:
  - name: orders
    columns: [{ name: order_id, description: Key, data_tests: [not_null] }, { name: is_payed }]
  - { name: sums, columns: [{ name: order_id }, { name: S }, { name: t }] }
  - { name: people, columns: [{ name: email }, { name: phone }] }
  - { name: broken, columns: [{ name: a }] }
  - { name: of_broken, columns: [{ name: c }] }
  - { name: of_snapshot, columns: [{ name: nowhere }] }
`,
}

beforeAll(loadSqlParser)

/** What reaches another thread and comes back is a copy. */
function threadHere() {
  const seen: SqlAnalysis[] = []
  const thread: SqlThread = {
    analyse: async (sql) => {
      const found = JSON.parse(JSON.stringify(analyseSql(structuredClone(sql)))) as SqlAnalysis
      seen.push(found)
      return found
    },
    end: () => {},
  }
  return { thread, seen }
}

function compiledWith(project: Files, sqlThread?: SqlThread) {
  return withProject(project, async (root) => {
    const clock = () => new Date(0)
    const options = { target, vars: {}, env: {}, clock, ...(sqlThread && { sqlThread }) }
    const { manifest, findings, plainTexts } = await compile(await readProject(root), options)
    return { manifest, findings, plainTexts }
  })
}

describe('another thread', () => {
  test('finds what is found here', async () => {
    const { thread, seen } = threadHere()
    const beside = await compiledWith(files, thread)
    const here = await compiledWith(files)
    expect(beside).toEqual(here)
    expect(seen[0]!.lineages.map(([id]) => id).sort()).toEqual(
      ['copy', 'of_broken', 'of_snapshot', 'orders', 'people'].map((name) => `model.shop.${name}`),
    )
    expect(seen[0]!.errors.map(([id]) => id).sort()).toEqual(['model.shop.broken', 'model.shop.wrong_alone'])
    expect(here.manifest.warnings.map(({ code }) => code)).toContain('column-unknown')
  })

  test('finds what is wrong', async () => {
    const { 'dbt_project.yml': _, ...own } = { 'project.yml': 'name: shop\n', ...files } as Record<
      string,
      string
    >
    const { thread } = threadHere()
    expect(await failureOf(compiledWith(own, thread))).toBe(await failureOf(compiledWith(own)))
  })
})
