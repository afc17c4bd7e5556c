import { afterAll, describe, expect, it } from 'vitest'
import { connectWarehouse, sql } from '../../src/warehouse/index.ts'
import { postgresConnection } from '../../src/warehouse/resolve-connection.ts'
import { runEstimand, startEstimand, useProjectCopy } from './spawn-estimand.ts'

const folder = useProjectCopy('small-shop')
const run = (...args: string[]) => runEstimand(folder(), args)

afterAll(async () => {
  await run('db', 'reset', '--yes', '--force')
})

describe('the embedded warehouse from the command line', () => {
  it('starts by itself, is shared by two runs at once, and start explains what came out', async () => {
    expect((await run('db', 'status')).out).toContain('there is no embedded database yet')
    const first = startEstimand(folder(), ['start'])
    const second = startEstimand(folder(), ['run'])
    const [started, ran] = await Promise.all([first.ended, second.ended])
    expect({ code: started.code, err: started.err }).toEqual({ code: 0, err: '' })
    expect(started.out).toContain('What was built')
    expect(started.out).toMatch(/tests +4 of 4 passed/)
    expect(started.out).toContain('psql "$(npx estimand db url)"')
    // The run may come before the seeds are there: then it fails, in words, and harms nothing.
    expect(ran.err).toBe('')
    expect([0, 1]).toContain(ran.code)
    const again = await run('start')
    expect(again.code).toBe(0)
  })

  it('has an address that clients can use', async () => {
    const { code, out, err } = await run('db', 'url')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const spec = { engine: 'postgres' as const, schema: 'shop', threads: 1, url: out.trim() }
    const connection = postgresConnection({ name: 'test', spec }, {})
    const warehouse = await connectWarehouse(connection, { threads: 1, applicationName: 'a BI tool' })
    try {
      const { rows } = await warehouse.query(sql`select count(*) as n from shop.customers`)
      expect(rows).toEqual([{ n: 3 }])
      const status = await run('db', 'status')
      expect(status.out).toMatch(/running for .*\n {2}server +PostgreSQL 18.* on port \d+/)
      expect(status.out).toMatch(/clients +a BI tool/)
    } finally {
      await warehouse.close()
    }
  })

  it('stops, starts and is deleted only on request', async () => {
    expect((await run('db', 'stop')).out).toContain('PostgreSQL stopped')
    expect((await run('db', 'stop')).out).toContain('was not running')
    expect(JSON.parse((await run('db', 'status', '--output', 'json')).out)).toMatchObject({
      state: 'stopped',
    })
    expect((await run('db', 'start')).out).toMatch(/PostgreSQL started on port \d+/)
    const unasked = await run('db', 'reset')
    expect(unasked.code).toBe(2)
    expect(unasked.err).toContain('--yes')
    expect((await run('db', 'reset', '--yes')).code).toBe(0)
    expect(JSON.parse((await run('db', 'status', '--output', 'json')).out)).toEqual({ state: 'missing' })
  })
})
