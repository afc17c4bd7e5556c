import { beforeEach, describe, expect, test } from 'vitest'
import { type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

/*
 * What is expected of the tables was compared with dbt 1.11 and dbt-postgres 1.11 on PostgreSQL: thirteen snapshots
 * through eleven states of their source, row by row.
 */

const orders = `
version: 2
sources: [{ name: shop, schema: shop, tables: [{ name: orders }] }]
`

function snapshotFile(config: string): string {
  return `{% snapshot history %}{{ config(${config}) }}\nselect * from {{ source('shop', 'orders') }}{% endsnapshot %}`
}

const byTime = "strategy='timestamp', unique_key='id', updated_at='at'"
const byCheck = "strategy='check', unique_key='id', check_cols=['amount']"

describe('snapshots', () => {
  const database = useProjectDatabase()
  const query = (text: SQLQuery) => database.rows(text)
  const files = (config: string, more: Files = {}): Files => ({
    'project.yml': projectFile,
    'models/sources.yml': orders,
    'snapshots/history.sql': snapshotFile(config),
    ...more,
  })
  const run = (project: Files, options = {}) =>
    withProject(project, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const change = async (...statements: SQLQuery[]) => {
    for (const statement of statements) await query(statement)
  }

  beforeEach(() =>
    change(
      sql`drop schema if exists analytics cascade`,
      sql`drop schema if exists shop cascade`,
      sql`create schema shop`,
      sql`create table shop.orders (id int, amount int, at timestamp)`,
      sql`insert into shop.orders values (1, 10, '2026-01-01'), (2, 20, '2026-01-01')`,
    ),
  )

  test("begin with every row, under dbt's columns and keys", async () => {
    const { result } = await run(files(byTime))
    expect(result).toMatchObject({ status: 'success', published: true })
    expect(await query(sql`select * from analytics.history where id = 1`)).toEqual([
      {
        id: 1,
        amount: 10,
        at: '2026-01-01 00:00:00',
        // md5('1|2026-01-01 00:00:00'), as dbt computes it.
        dbt_scd_id: '53f6e6a23dae12b0512ebdf6d433712c',
        dbt_updated_at: '2026-01-01 00:00:00',
        dbt_valid_from: '2026-01-01 00:00:00',
        dbt_valid_to: null,
      },
    ])
  })

  test('end a version and begin the next when the time grew, and do nothing when it did not', async () => {
    await run(files(byTime))
    await change(sql`update shop.orders set amount = 11, at = '2026-01-02' where id = 1`)
    const { node } = await run(files(byTime))
    expect(node('history')).toMatchObject({ status: 'success', rows: 1 })
    const versions = sql`select amount, dbt_valid_from::date::text as from, dbt_valid_to::date::text as to from analytics.history where id = 1 order by 2`
    const expected = [
      { amount: 10, from: '2026-01-01', to: '2026-01-02' },
      { amount: 11, from: '2026-01-02', to: null },
    ]
    expect(await query(versions)).toEqual(expected)
    const again = await run(files(byTime), { fullRefresh: true })
    expect(again.node('history').rows).toBe(0)
    expect(await query(versions)).toEqual(expected)
  })

  test('compare columns with the strategy check, nulls included', async () => {
    await run(files(byCheck))
    await change(
      sql`update shop.orders set at = '2026-02-01'`,
      sql`update shop.orders set amount = null where id = 2`,
    )
    const { result, node } = await run(files(byCheck))
    expect(node('history').rows).toBe(1)
    const at = result.startedAt
      .replace('T', ' ')
      .replace('Z', '')
      .replace(/\.?0+$/, '')
    expect(
      await query(sql`select amount, dbt_valid_to from analytics.history where id = 2 order by amount`),
    ).toEqual([
      { amount: 20, dbt_valid_to: at },
      { amount: null, dbt_valid_to: null },
    ])
  })

  test('leave rows that are gone, end them, or say that they are deleted, as told', async () => {
    const kinds = ['ignore', 'invalidate', 'new_record'] as const
    const project = (rest: object = {}) => ({
      'project.yml': projectFile,
      'models/sources.yml': orders,
      ...Object.fromEntries(
        kinds.map((kind) => [
          `snapshots/${kind}.sql`,
          snapshotFile(`${byTime}, hard_deletes='${kind}'`).replace('history', kind),
        ]),
      ),
      ...rest,
    })
    await run(project())
    await change(sql`delete from shop.orders where id = 2`)
    await run(project())
    const { node } = await run(project())
    expect(kinds.map((kind) => node(kind).rows)).toEqual([0, 0, 0])
    const current = (table: string) =>
      query(sql`select count(*)::int as n from ${sql.ident('analytics', table)} where dbt_valid_to is null`)
    expect(await current('ignore')).toEqual([{ n: 2 }])
    expect(await current('invalidate')).toEqual([{ n: 1 }])
    expect(
      await query(
        sql`select dbt_is_deleted, dbt_valid_to is null as holds from analytics.new_record where id = 2 order by 1`,
      ),
    ).toEqual([
      { dbt_is_deleted: 'False', holds: false },
      { dbt_is_deleted: 'True', holds: true },
    ])
    await change(sql`insert into shop.orders values (2, 21, '2026-03-01')`)
    await run(project())
    expect(
      await query(sql`
        select amount, dbt_is_deleted from analytics.new_record where id = 2 and dbt_valid_to is null`),
    ).toEqual([{ amount: 21, dbt_is_deleted: 'False' }])
  })

  test('follow keys of several columns, other names and another end of what holds', async () => {
    const config = `strategy='timestamp', unique_key=['id', 'amount'], updated_at='at', hard_deletes='invalidate',
      dbt_valid_to_current="'9999-12-31'::timestamp",
      snapshot_meta_column_names={'dbt_valid_from': 'from_at', 'dbt_valid_to': 'to_at', 'dbt_scd_id': 'version_id'}`
    await run(files(config))
    await change(sql`update shop.orders set amount = 11, at = '2026-01-02' where id = 1`)
    await run(files(config))
    expect(
      await query(
        sql`select id, amount, to_at = '9999-12-31' as holds from analytics.history order by id, amount`,
      ),
    ).toEqual([
      { id: 1, amount: 10, holds: false },
      { id: 1, amount: 11, holds: true },
      { id: 2, amount: 20, holds: true },
    ])
  })

  test('take in new columns and longer text', async () => {
    await change(sql`alter table shop.orders add column note varchar(3) default 'abc'`)
    await run(files(byTime))
    await change(
      sql`alter table shop.orders alter column note type varchar(20)`,
      sql`alter table shop.orders add column extra int default 7`,
      sql`update shop.orders set note = 'a longer note', at = '2026-01-02' where id = 1`,
    )
    const { result } = await run(files(byTime))
    expect(result.problems).toEqual([])
    expect(
      await query(sql`select note, extra from analytics.history where id = 1 order by dbt_valid_from`),
    ).toEqual([
      { note: 'abc', extra: null },
      { note: 'a longer note', extra: 7 },
    ])
  })

  test('show their changes to readers and tests of the same run, and to nobody else when a test fails', async () => {
    const reader = {
      'models/current.sql':
        "{{ config(materialized='table') }}\nselect id, amount from {{ ref('history') }} where dbt_valid_to is null",
    }
    await run(files(byTime, reader))
    await change(sql`update shop.orders set amount = 11, at = '2026-01-02' where id = 1`)
    await run(files(byTime, reader))
    expect(await query(sql`select * from analytics.current order by id`)).toEqual([
      { id: 1, amount: 11 },
      { id: 2, amount: 20 },
    ])
    await change(sql`update shop.orders set amount = -1, at = '2026-01-03' where id = 1`)
    const { result } = await run(
      files(byTime, {
        ...reader,
        'tests/not_negative.sql': "select * from {{ ref('history') }} where amount < 0",
      }),
    )
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(await query(sql`select max(amount) as top, min(amount) as low from analytics.history`)).toEqual([
      { top: 20, low: 10 },
    ])
  })

  test('run hooks before and after', async () => {
    await change(sql`create table shop.said (what text)`)
    const hooked = files(
      `${byTime}, pre_hook="insert into shop.said values ('before')", post_hook="insert into shop.said select 'after ' || count(*) from {{ this }}"`,
    )
    await run(hooked)
    await change(sql`update shop.orders set at = '2026-02-01' where id = 1`)
    await run(hooked)
    expect(await query(sql`select what from shop.said`)).toEqual(
      ['before', 'after 2', 'before', 'after 3'].map((what) => ({ what })),
    )
  })

  test('refuse a table that is no snapshot, and check_cols that are not there', async () => {
    await change(sql`create schema analytics`, sql`create table analytics.history (id int)`)
    const { node } = await run(files(byTime))
    expect(node('history').message).toMatch(/no snapshot of this kind: it has no column dbt_scd_id/)
    await change(sql`drop table analytics.history`)
    await run(files(byCheck))
    const { node: checked } = await run(files(byCheck.replace("'amount'", "'amont'")))
    expect(checked('history').message).toBe(
      "check_cols names 'amont', which the query of history does not give",
    )
  })
})
