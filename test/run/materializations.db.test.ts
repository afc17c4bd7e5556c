import { beforeEach, describe, expect, test } from 'vitest'
import { formatProblem } from '../../src/core/problem.ts'
import { type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/*
 * Tables, constraints and materialized views of these kinds were compared with those that dbt 1.11 and
 * dbt-postgres 1.11 make.
 */

const orders = { 'seeds/orders.csv': 'id,name,amount\n1,a,10\n2,b,20\n' }

describe('what a relation is besides its rows', () => {
  const database = useProjectDatabase()
  const run = (files: Files, options: ProjectRunOptions = {}) =>
    withProject({ 'project.yml': projectFile, ...orders, ...files }, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const scalar = async (query: SQLQuery) => Object.values((await database.rows(query))[0] ?? {})[0]

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
  })

  describe('a contract', () => {
    const contract = (columns: string, more = '') => ({
      'models/paid.sql': `select id, name, amount::numeric as amount, 'x' as "Odd" from {{ ref('orders') }}`,
      'models/paid.yml': `
models:
  - name: paid
    config: { materialized: table, contract: { enforced: true } }
    columns: [${columns}]
${more}`,
    })
    const columns = `{ name: amount, data_type: "numeric(12,2)", constraints: [{ type: check, expression: amount < 100 }] },
      { name: id, data_type: int, constraints: [{ type: primary_key }, { type: not_null }] },
      { name: name, data_type: varchar(9) }, { name: Odd, data_type: text, quote: true }`

    test('decides columns, their order, types and constraints', async () => {
      const { result } = await run({
        ...contract(
          columns,
          "    constraints: [{ type: unique, columns: [id, Odd], name: odd_ids }]\n  - { name: child, config: { materialized: table, contract: { enforced: true } }, columns: [{ name: id, data_type: int, constraints: [{ type: foreign_key, to: ref('paid'), to_columns: [id] }] }] }",
        ),
        'models/child.sql': "select id from {{ ref('paid') }}",
      })
      expect(result.results.flatMap(({ problem }) => problem ?? [])).toEqual([])
      expect(result).toMatchObject({ status: 'success', problems: [] })
      const definitions = await database.rows(sql`
        select conrelid::regclass::text as of, pg_get_constraintdef(oid) as is
        from pg_constraint
        where connamespace = 'analytics'::regnamespace and contype <> 'n'
        order by 1, 2`)
      expect(definitions).toEqual([
        { of: 'analytics.child', is: 'FOREIGN KEY (id) REFERENCES analytics.paid(id)' },
        { of: 'analytics.paid', is: 'CHECK ((amount < (100)::numeric))' },
        { of: 'analytics.paid', is: 'PRIMARY KEY (id)' },
        { of: 'analytics.paid', is: 'UNIQUE (id, "Odd")' },
      ])
      expect(
        await database.rows(sql`
          select attname as name, format_type(atttypid, atttypmod) as type
          from pg_attribute where attrelid = 'analytics.paid'::regclass and attnum > 0 order by attnum`),
      ).toEqual([
        { name: 'amount', type: 'numeric(12,2)' },
        { name: 'id', type: 'integer' },
        { name: 'name', type: 'character varying(9)' },
        { name: 'Odd', type: 'text' },
      ])
      // Building both anew swaps a table that another one refers to.
      expect((await run(contract(columns))).result.status).toBe('success')
    })

    test('may refer to a table that grows in the same run', async () => {
      const files = {
        'models/grown.sql':
          "{{ config(materialized='incremental', unique_key='id', indexes=[{'columns': ['id'], 'unique': true}]) }}\nselect id from {{ ref('orders') }}",
        'models/child.sql': "select id from {{ ref('grown') }}",
        'models/child.yml': `
models:
  - name: child
    config: { materialized: table, contract: { enforced: true } }
    columns: [{ name: id, data_type: int, constraints: [{ type: foreign_key, to: ref('grown'), to_columns: [id] }] }]
`,
      }
      await run(files)
      const { result } = await run({ ...files, 'seeds/orders.csv': 'id,name,amount\n3,c,5\n' })
      expect(result).toMatchObject({ status: 'success', problems: [] })
      expect(
        await database.rows(sql`
          select pg_get_constraintdef(oid) as is from pg_constraint where conrelid = 'analytics.child'::regclass`),
      ).toEqual([{ is: 'FOREIGN KEY (id) REFERENCES analytics.grown(id)' }])
      expect(await scalar(sql`select count(*)::int from analytics.child`)).toBe(3)
    })

    test('that is broken is told before anything is built', async () => {
      const { node, result } = await run(
        contract(
          '{ name: id, data_type: text }, { name: amount, data_type: int }, { name: note, data_type: date }',
        ),
      )
      expect(result.published).toBe(false)
      expect(formatProblem(node('paid').problem!).split('\n').slice(-6)).toEqual([
        '  column  declared        found',
        '  id      text            integer',
        '  amount  integer         numeric',
        '  note    date            (missing)',
        '  name    (not declared)  text',
        '  Odd     (not declared)  text',
      ])
    })

    test('holds for increments, too', async () => {
      const incremental = {
        'models/paid.sql': "select id, amount from {{ ref('orders') }}",
        'models/paid.yml': `
models:
  - name: paid
    config: { materialized: incremental, unique_key: id, on_schema_change: append_new_columns, contract: { enforced: true } }
    columns: [{ name: id, data_type: int }, { name: amount, data_type: int, constraints: [{ type: check, expression: amount < 100 }] }]
`,
      }
      await run(incremental)
      const { node } = await run({ ...incremental, 'seeds/orders.csv': 'id,amount\n3,1000\n' })
      expect(node('paid').message).toMatch(/violates check constraint/)
    })
  })

  describe('a materialized view', () => {
    const view = (config: string, from = "{{ ref('orders') }}") => ({
      'models/kept.sql': `{{ config(materialized='materialized_view', ${config}) }}\nselect id, amount from ${from}`,
    })

    test('is filled again with every run, keeps its readers, and follows its SQL', async () => {
      const files = view("indexes=[{'columns': ['id'], 'unique': true}]")
      await run(files)
      await database.rows(sql`create view analytics.others as select count(*)::int as n from analytics.kept`)
      await run({ ...files, 'seeds/orders.csv': 'id,name,amount\n1,a,1\n2,b,2\n3,c,3\n' })
      expect(await scalar(sql`select n from analytics.others`)).toBe(3)
      expect(
        await database.rows(sql`
          select relkind as kind, (select count(*)::int from pg_index where indrelid = c.oid and indisunique) as indexes
          from pg_class c where oid = 'analytics.kept'::regclass`),
      ).toEqual([{ kind: 'm', indexes: 1 }])
      await run({
        'models/kept.sql': files['models/kept.sql'].replace('id, amount', 'id, amount * 2 as amount'),
      })
      expect(await scalar(sql`select sum(amount)::int from analytics.kept`)).toBe(60)
    })

    test('may read views and increments of the same run', async () => {
      const files = {
        ...view('', "{{ ref('between') }}"),
        'models/between.sql': "select * from {{ ref('grown') }}",
        'models/grown.sql':
          "{{ config(materialized='incremental', unique_key='id') }}\nselect * from {{ ref('orders') }}",
      }
      await run(files)
      await run({ ...files, 'seeds/orders.csv': 'id,name,amount\n3,c,5\n' })
      expect(await scalar(sql`select sum(amount)::int from analytics.kept`)).toBe(35)
    })

    test('takes changed indexes, keeps what it has, or fails, as on_configuration_change says', async () => {
      const indexed = (choice: string) =>
        view(`indexes=[{'columns': ['id']}], on_configuration_change='${choice}'`)
      const indexes = sql`select count(*)::int from pg_index where indrelid = 'analytics.kept'::regclass`
      await run(view(''))
      const failing = await run(indexed('fail'))
      expect(failing.node('kept').message).toMatch(/on_configuration_change is fail/)
      expect((await run(indexed('continue'))).node('kept').message).toMatch(/^kept/)
      expect(await scalar(indexes)).toBe(0)
      await run(indexed('apply'))
      expect(await scalar(indexes)).toBe(1)
    })
  })

  test('grants are exactly those that are configured', async () => {
    const role = `reader_${Date.now()}`
    const other = `${role}_2`
    for (const name of [role, other]) await database.rows(sql`create role ${sql.ident(name)}`)
    const project = (grants: string) => ({
      'models/paid.sql': `{{ config(materialized='table', grants=${grants}) }}\nselect * from {{ ref('orders') }}`,
      'models/seen.sql': `{{ config(grants=${grants}) }}\nselect * from {{ ref('orders') }}`,
      'models/grown.sql': `{{ config(materialized='incremental', grants=${grants}) }}\nselect * from {{ ref('orders') }}`,
    })
    const granted = () =>
      database.rows(sql`
        select c.relname as relation, pg_get_userbyid(acl.grantee) as role, acl.privilege_type as privilege
        from pg_class c, aclexplode(c.relacl) as acl
        where c.relnamespace = 'analytics'::regnamespace and acl.grantee <> c.relowner
        order by 1, 2, 3`)
    await run(project(`{'select': ['${role}', '${other}'], 'insert': '${role}'}`))
    expect(await granted()).toHaveLength(9)
    await run(project(`{'select': ['${other}']}`))
    expect(await granted()).toEqual(
      ['grown', 'paid', 'seen'].map((relation) => ({ relation, role: other, privilege: 'SELECT' })),
    )
    await database.rows(sql`drop schema analytics cascade`)
    for (const name of [role, other]) await database.rows(sql`drop role ${sql.ident(name)}`)
  })

  test('descriptions become comments', async () => {
    const kinds = ['table', 'view', 'materialized_view', 'incremental']
    await run({
      ...Object.fromEntries(
        kinds.map((kind) => [
          `models/as_${kind}.sql`,
          `{{ config(materialized='${kind}') }}\nselect id from {{ ref('orders') }}`,
        ]),
      ),
      'models/docs.yml': `models:\n${kinds
        .map(
          (kind) =>
            `  - { name: as_${kind}, description: "it's a ${kind}", config: { persist_docs: { relation: true, columns: true } }, columns: [{ name: id, description: the key }, { name: gone, description: not there }] }`,
        )
        .join('\n')}\n`,
    })
    for (const kind of kinds)
      expect(
        await database.rows(sql`
          select obj_description(c.oid) as relation, col_description(c.oid, 1) as id
          from pg_class c where relnamespace = 'analytics'::regnamespace and relname = ${`as_${kind}`}`),
      ).toEqual([{ relation: `it's a ${kind}`, id: 'the key' }])
  })

  test('an SQL header runs before the model, and its settings end with it', async () => {
    await run(
      {
        'models/with_header.sql': `{{ config(materialized='table', sql_header="set work_mem = '7MB'; create temp table five as select 5 as n;") }}
select n, current_setting('work_mem') as memory from five`,
        'models/without.sql': `{{ config(materialized='table') }}
-- depends_on: {{ ref('with_header') }}
select current_setting('work_mem') as memory`,
      },
      { threads: 1 },
    )
    expect(await database.rows(sql`select n, memory from analytics.with_header`)).toEqual([
      { n: 5, memory: '7MB' },
    ])
    expect(await scalar(sql`select memory from analytics.without`)).not.toBe('7MB')
  })

  test('tables may be unlogged, called otherwise, and stand elsewhere', async () => {
    await run({
      'models/paid.sql':
        "{{ config(materialized='table', unlogged=true, alias='what was paid') }}\nselect * from {{ ref('orders') }}",
    })
    expect(await scalar(sql`select relpersistence from pg_class where relname = 'what was paid'`)).toBe('u')
  })

  test('large tables are known to the planner at once', async () => {
    await run({
      'models/large.sql': "{{ config(materialized='table') }}\nselect n from generate_series(1, 5000) as n",
    })
    expect(
      await scalar(sql`select reltuples::int from pg_class where oid = 'analytics.large'::regclass`),
    ).toBe(5000)
  })

  test('with --empty nothing is read, and everything is built', async () => {
    const { result } = await run(
      {
        'models/paid.sql':
          "{{ config(materialized='table') }}\nselect * from {{ ref('orders') }} where id > 0",
      },
      { empty: true },
    )
    expect(result.status).toBe('success')
    expect(await scalar(sql`select count(*)::int from analytics.paid`)).toBe(0)
  })
})
