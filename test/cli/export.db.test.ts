import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, useProjectCopy } from './spawn-estimand.ts'

const database = useTestDatabase()
const folder = useProjectCopy('small-shop')
const run = (...args: string[]) => runEstimand(folder(), args, { DATABASE_URL: database.url })

describe('estimand export', () => {
  beforeAll(async () => {
    expect((await run('build')).code).toBe(0)
  })

  it('writes a model, a table and a query', async () => {
    const model = await run('export', 'customers', '--to', 'out/customers.csv', '--output', 'json')
    expect({ code: model.code, err: model.err }).toMatchObject({ code: 0 })
    const text = readFileSync(join(folder(), 'out/customers.csv'), 'utf8')
    expect(JSON.parse(model.out)).toEqual({
      rows: 3,
      files: [{ path: join('out', 'customers.csv'), rows: 3, bytes: text.length }],
    })
    expect(text).toMatch(/^customer_id,.*\n/)
    const table = await run('export', 'shop.customers', '--to', 'out/same.csv')
    expect(table).toMatchObject({ code: 0, out: `out/same.csv  3 rows, ${text.length} bytes\n` })
    expect(readFileSync(join(folder(), 'out/same.csv'), 'utf8')).toBe(text)
    const query =
      "select order_id, ordered_on::date as day from {{ ref('raw_orders') }} where order_id < 3 -- two"
    const days = await run('export', '--inline', query, '--to', 'out/o.ndjson', '--partition-by', 'day')
    expect(days.code).toBe(0)
    expect(days.out).toMatch(/^out\/day=2026-01-02\/o\.ndjson {2}1 row, 15 bytes\n.*\n2 rows in 2 files\n$/)
    expect(readFileSync(join(folder(), 'out/day=2026-01-02/o.ndjson'), 'utf8')).toMatch(/^\{"order_id":1\}\n/)
  })

  it('says what it cannot make of a request', async () => {
    const nothing = await run('export', '--to', 'x.csv')
    expect(nothing).toMatchObject({ code: 2 })
    const format = await run('export', 'customers', '--to', 'x.xlsx')
    expect(format.code).toBe(2)
    expect(format.err).toContain("the name 'x.xlsx' names no format   [usage]")
    const address = await run('export', 'customers', '--to', 's3://lake/x.csv')
    expect(address).toMatchObject({ code: 2 })
    expect(address.err).toContain("'s3://lake/x.csv' is no file")
    const broken = await run('export', '--inline', 'select 1 / 0 as n', '--to', 'x.csv')
    expect(broken.err).toContain('division by zero   [export-failed]')
    if (existsSync('/proc/self')) {
      const nowhere = await run('export', 'customers', '--to', '/proc/nope/x.csv')
      expect(nowhere.code).toBe(broken.code)
      expect(nowhere.err).toMatch(/\/proc\/nope\/x\.csv cannot be written: .*ENOENT.* {3}\[export-failed\]/)
    }
    const name = await run('export', 'custmers', '--to', 'x.csv')
    expect(name.err).toContain("did you mean 'customers'?")
    const missing = await run('export', 'shop.nothing', '--to', 'x.csv')
    expect(missing.code).not.toBe(0)
    expect(missing.err).toContain('relation "shop.nothing" does not exist')
    expect(existsSync(join(folder(), 'x.csv'))).toBe(false)
  })
})
