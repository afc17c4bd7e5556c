import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventRecordSchema } from '../../src/core/events/event-schema.ts'
import { connectWarehouse, type SQLQuery, sql, withWarehouse } from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { type Ended, runEstimand, startEstimand, useProjectCopy } from './spawn-estimand.ts'

const database = useTestDatabase()
const folder = useProjectCopy('small-shop')
const run = (...args: string[]) => runEstimand(folder(), args, { DATABASE_URL: database.url })
const start = (...args: string[]) => startEstimand(folder(), args, { DATABASE_URL: database.url })

const added: string[] = []
/** Adds a file to the project until the end of the test. */
function add(path: string, text: string): void {
  added.push(path)
  writeFileSync(join(folder(), path), text)
}
afterEach(() => {
  for (const path of added.splice(0)) rmSync(join(folder(), path))
})

/** What a command said, for a test that expected another exit code. */
const saidBy = ({ out, err }: Ended): string => `${err}${out}`

const slowModel = "{{ config(materialized='table') }}\nselect pg_sleep(60)::text as slept\n"

describe('the commands on a server', () => {
  beforeAll(async () => {
    expect((await run('build')).code).toBe(0)
  })

  it('build everything, saying which server is used, and print no password', async () => {
    const { code, out, err } = await run('build', '--no-reuse')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/Using DATABASE_URL instead of the embedded PostgreSQL: postgres.*:\*\*\*@/)
    expect(out).toMatch(/OK {5}table {7}shop\.customers +3 rows/)
    expect(out).toContain('seeds   1 built, 4 rows')
    expect(out).toContain('tests   4 passed')
    expect(out).toMatch(/Done in .*Published everything at once/)
    expect(out).not.toContain(new URL(database.url).password)
    const results = JSON.parse(readFileSync(join(folder(), 'target', 'run_results.json'), 'utf8'))
    expect(results.results).toHaveLength(7)
    expect(existsSync(join(folder(), 'target', 'manifest.json'))).toBe(true)
  })

  it('show rows of a model, of a seed and of a query', async () => {
    const customers = await run('show', '-s', 'customers', '--output', 'json')
    expect(JSON.parse(customers.out)).toContainEqual({ customer_id: 10, orders: 2, revenue: 52.5 })
    const seed = await run('show', '--select', 'raw_orders', '--limit', '1', '--output', 'csv')
    expect(seed.out).toBe('order_id,customer_id,ordered_on,amount\n1,10,2026-01-02,12.5\n')
    const query = await run(
      'show',
      '--inline',
      "select count(*) as n from {{ ref('stg_orders') }} -- all of them",
    )
    expect(query.out).toBe('n\n4\n1 row\n')
    add('models/forest.py', "def model(dbt, session):\n    return dbt.ref('customers')\n")
    const python = await run('show', '-s', 'forest')
    expect(python.code).not.toBe(0)
    expect(python.err).toContain('runs SQL only, and this is Python   [not-supported]')
  })

  it('point at the place in the template that the server complains about', async () => {
    add('models/wrong.sql', "select customer_id,\n  custmer_name\nfrom {{ ref('customers') }}\n")
    const { code, out } = await run('run', '-s', 'wrong')
    expect(code).toBe(1)
    expect(out).toContain('models/wrong.sql:2:3  column "custmer_name" does not exist')
    expect(out).toContain('  2 |   custmer_name\n')
    expect(out).toContain('Nothing was published: the warehouse is as it was before.')
    const five = await run('show', '--inline', 'select generate_series(1, 6) as n')
    expect(five.out + five.err).toContain('No more than 5 are printed; --limit 0 prints all')
    const inline = await run('show', '--inline', 'select nothing')
    expect(inline.code).toBe(1)
    expect(inline.out).toBe('')
    expect(inline.err).toContain('<inline>:1:8  column "nothing" does not exist')
  })

  it('leave what is published alone when a test fails, and exit with 1', async () => {
    add('tests/no_big_orders.sql', "select * from {{ ref('stg_orders') }} where amount > 50\n")
    add('models/late.sql', "{{ config(materialized='table') }}\nselect * from {{ ref('stg_orders') }}\n")
    const { code, out } = await run('build')
    expect(code).toBe(1)
    expect(out).toMatch(/FAIL {3}test {8}no_big_orders +1 failing row/)
    expect(out).toMatch(/SKIP {3}table {7}shop\.late +no_big_orders failed/)
    expect((await run('show', '--inline', 'select * from shop.late')).code).toBe(1)
  })

  it('give the result of a run as one JSON document', async () => {
    const { code, out, err } = await run('test', '--output', 'json', '--select', 'customers')
    expect(code).toBe(0)
    const document = JSON.parse(out)
    expect(document).toMatchObject({
      command: 'test',
      status: 'success',
      selection: { select: ['customers'] },
    })
    expect(document.results.map(({ status }: { status: string }) => status)).toEqual(['pass', 'pass'])
    expect(err).toContain('PASS')
  })

  it('print progress as JSON lines', async () => {
    const { code, out } = await run('run', '--no-reuse', '--log-format', 'json')
    expect(code).toBe(0)
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    for (const event of events) expect(eventRecordSchema.parse(event)).toEqual(event)
    const named = (name: string) => events.filter(({ info }) => info.name === name)
    expect(events[0]).toMatchObject({ version: 1, info: { name: 'MainReportVersion', level: 'info' } })
    expect(new Set(events.map(({ info }) => info.invocation_id)).size).toBe(1)
    expect(named('LogStartLine').length).toBe(named('LogModelResult').length)
    expect(named('LogModelResult')[0]).toMatchObject({
      data: { node_info: { node_status: 'success', resource_type: 'model' }, total: 2 },
    })
    expect(named('StatsLine')[0].data.stats).toMatchObject({ error: 0, total: 2 })
    expect(events.at(-1)).toMatchObject({
      info: { name: 'RunFinished' },
      data: { status: 'success', published: true },
    })
  })

  it('keep what happened in the store, and go on where that cannot be written', async () => {
    const { out } = await run('run', '--no-reuse', '--log-format', 'json')
    const id = JSON.parse(out.split('\n')[0]!).info.invocation_id
    const warehouse = await connectWarehouse(database.connection, { threads: 1, applicationName: 'test' })
    try {
      const { rows } = await warehouse.query(
        sql`select name from estimand.events where invocation_id = ${id}::uuid order by position`,
      )
      const course = ['RunStarted', 'PublishStarted', 'PublishFinished', 'StatsLine', 'RunFinished']
      expect(rows.map(({ name }) => name)).toEqual(course)
      await warehouse.query(sql`alter table estimand.events rename to events_away`)
      const without = await run('run')
      await warehouse.query(sql`alter table estimand.events_away rename to events`)
      expect(without.out).toContain('what happened could not be kept in estimand.events')
      expect(without.code).toBe(0)
    } finally {
      await warehouse.close()
    }
  })

  it('say nothing with --quiet when nothing is wrong', async () => {
    expect(await run('build', '--quiet')).toEqual({ code: 0, out: '', err: '' })
  })

  it('cancel on Ctrl-C and leave nothing behind', async () => {
    add('models/slow.sql', slowModel)
    const started = start('run', '--select', 'slow')
    await started.said(/RUNS .*shop\.slow/)
    started.process.kill('SIGINT')
    const { code, out } = await started.ended
    expect(code).toBe(1)
    expect(out).toContain('cancelling; press again to leave at once')
    expect(out).toMatch(/STOP {3}table {7}shop\.slow/)
    expect(out).toContain('Nothing was published')
    expect(await buildSchemas()).toEqual([])
  })

  it('leave at once on the second Ctrl-C; the next run clears up', async () => {
    add('models/slow.sql', slowModel)
    await forgetEvents()
    const started = start('run', '--select', 'slow')
    await started.said(/RUNS .*shop\.slow/)
    // What happens is in the store while it goes on, so also when nobody is there to write it at the end.
    await expect.poll(namesOfEvents, { timeout: 10_000 }).toContain('RunStarted')
    started.process.kill('SIGINT')
    started.process.kill('SIGTERM')
    expect((await started.ended).code).toBe(130)
    expect(await namesOfEvents()).not.toContain('RunFinished')
    expect((await run('run', '--select', 'customers')).code).toBe(0)
    expect(await buildSchemas()).toEqual([])
  })

  it('wait for a run that publishes some of the same, or give up after the time that was set', async () => {
    add('models/slow.sql', slowModel)
    const first = start('run', '--select', 'slow', 'customers')
    await first.said(/RUNS .*shop\.slow/)
    for (const flags of [['--wait-timeout', '0.2'], ['--no-wait']]) {
      const impatient = await run('run', '--select', 'customers', ...flags)
      expect(impatient.code, saidBy(impatient)).toBe(1)
      expect(impatient.err).toMatch(
        /estimand run by \S+ on \S+, process \d+, since .* UTC; both publish shop\.customers {3}\[run-locked\]/,
      )
    }
    const unconcerned = await run('run', '--select', 'stg_orders', '--no-wait')
    expect(unconcerned.code, saidBy(unconcerned)).toBe(0)
    const patient = start('run', '--select', 'customers')
    await patient.said(/Waiting for another run to finish: estimand run by /)
    first.process.kill('SIGTERM')
    const [cancelled, served] = [await first.ended, await patient.ended]
    expect(cancelled.code, saidBy(cancelled)).toBe(1)
    expect(served.code, saidBy(served)).toBe(0)
  })

  it('check everything with debug', async () => {
    const { code, out } = await run('debug')
    expect(code).toBe(0)
    expect(out).toMatch(/server +PostgreSQL 18/)
    expect(out).toMatch(/nodes +1 seed, 2 models, 4 tests/)
  })
})

describe('the commands without a server', () => {
  const unreachable = { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/shop' }

  it('say that the server cannot be reached, and exit with 2', async () => {
    const { code, out, err } = await runEstimand(folder(), ['build'], unreachable)
    expect(code).toBe(2)
    expect(err).toContain('[warehouse-unreachable]')
    expect(out + err).not.toContain('secret')
    const debug = await runEstimand(folder(), ['debug'], unreachable)
    expect(debug.code).toBe(2)
    expect(debug.out).toMatch(/connection +not OK/)
    expect(debug.out).toMatch(/project +OK/)
    const connection = await runEstimand(folder(), ['debug', '--connection'], unreachable)
    expect(connection.code).toBe(2)
    expect(connection.out).toMatch(/connection +not OK/)
    expect(connection.out).not.toMatch(/project +OK/)
  })

  it('compile, list and clean all the same', async () => {
    const compiled = await runEstimand(folder(), ['compile', '--select', 'customers'], unreachable)
    expect(compiled).toMatchObject({ code: 0 })
    expect(compiled.out).toContain('"shop"."stg_orders"')
    const file = join(folder(), 'target', 'compiled', 'small_shop', 'models', 'customers.sql')
    expect(readFileSync(file, 'utf8').trim()).toBe(compiled.out.trim())
    const list = await runEstimand(
      folder(),
      ['ls', '--resource-type', 'model', '--output', 'path'],
      unreachable,
    )
    // By id, as dbt lists.
    expect(list.out).toBe('models/customers.sql\nmodels/stg_orders.sql\n')
    const clean = await runEstimand(folder(), ['clean'], unreachable)
    expect(clean).toMatchObject({ code: 0 })
  })

  it('stay quiet when the reader goes away', async () => {
    const started = startEstimand(folder(), ['ls'], unreachable)
    started.process.stdout?.destroy()
    const { code, err } = await started.ended
    expect(code).toBe(0)
    expect(err).not.toContain('EPIPE')
  })

  it.each(['run', 'test', 'compile', 'ls', 'show'])(
    '%s does nothing where nothing is selected, and tells the name that was meant',
    async (command) => {
      const { code, out, err } = await runEstimand(folder(), [command, '-s', 'custmers'], unreachable)
      expect(code).toBe(0)
      expect(out + err).toContain("selection 'custmers' matches no node")
      expect(out + err).toContain("did you mean 'customers'")
    },
  )

  it('leave no results of an earlier run behind where there is nothing to do', async () => {
    const results = join(folder(), 'target', 'run_results.json')
    writeFileSync(results, '{"results": [{}]}')
    expect((await runEstimand(folder(), ['run', '-s', 'nope'], unreachable)).code).toBe(0)
    expect(JSON.parse(readFileSync(results, 'utf8'))).toMatchObject({ results: [], args: { which: 'run' } })
  })

  it('fail where nothing is selected when warnings are errors', async () => {
    const { code, err } = await runEstimand(folder(), ['run', '-s', 'nope', '--warn-error'], unreachable)
    expect(code).toBe(2)
    expect(err).toContain("selection 'nope' matches no node   [selection-empty]")
  })

  it('report a variable of the target that is not set', async () => {
    const { code, err } = await runEstimand(folder(), ['build', '--target', 'prod'])
    expect(code).toBe(2)
    expect(err).toContain('SHOP_DATABASE_URL')
    expect(err).toContain('[env-var-missing]')
  })
})

/** Build schemas that runs left in the database. */
function buildSchemas(): Promise<string[]> {
  return names(
    sql`select nspname as name from pg_catalog.pg_namespace where nspname like 'estimand\\_build%'`,
  )
}

function namesOfEvents(): Promise<string[]> {
  return names(sql`select name from estimand.events order by at, position`)
}

async function forgetEvents(): Promise<void> {
  await names(sql`delete from estimand.events`)
}

async function names(query: SQLQuery): Promise<string[]> {
  const options = { threads: 1, applicationName: 'estimand test' }
  return withWarehouse(database.connection, options, async (warehouse) => {
    const { rows } = await warehouse.query<{ name: string }>(query)
    return rows.map(({ name }) => name)
  })
}
