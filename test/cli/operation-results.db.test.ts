import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { eventRecordSchema } from '../../src/core/events/event-schema.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, useProjectCopy } from './spawn-estimand.ts'

/*
 * run_results.json of commands that run no nodes, as dbt 1.12 writes it.
 */

const database = useTestDatabase()
const folder = useProjectCopy('small-shop')
const run = (...args: string[]) => runEstimand(folder(), args, { DATABASE_URL: database.url })
const resultsPath = () => join(folder(), 'target', 'run_results.json')
const results = () => JSON.parse(readFileSync(resultsPath(), 'utf8'))

beforeAll(() => {
  mkdirSync(join(folder(), 'macros'), { recursive: true })
  writeFileSync(
    join(folder(), 'macros', 'operations.sql'),
    `{% macro hello(who='you') %}{{ log('hello ' ~ who, info=true) }}{{ log('quiet ' ~ who) }}{{ print('printed') }}{% endmacro %}
{% macro divides() %}{% do run_query('select 1/0') %}{% endmacro %}`,
  )
})

const entry = {
  thread_id: 'MainThread',
  adapter_response: {},
  compiled: false,
  compiled_code: null,
  relation_name: null,
  timing: [expect.objectContaining({ name: 'compile' }), expect.objectContaining({ name: 'execute' })],
}

describe('run_results.json of run-operation', () => {
  it('has one result, of the macro', async () => {
    const { code } = await run('run-operation', 'hello', '--args', '{who: me}')
    expect(code).toBe(0)
    const { results: found, args } = results()
    expect(found).toEqual([
      {
        ...entry,
        status: 'success',
        message: null,
        failures: 0,
        unique_id: 'macro.small_shop.hello',
        execution_time: expect.any(Number),
      },
    ])
    expect(args).toMatchObject({ which: 'run-operation', macro: 'hello', args: { who: 'me' } })
  })

  it('is written too where the macro fails, with what it said', async () => {
    expect((await run('run-operation', 'divides')).code).toBe(1)
    expect(results().results).toMatchObject([
      {
        ...entry,
        status: 'error',
        message: expect.stringContaining('division by zero'),
        failures: 1,
        unique_id: 'macro.small_shop.divides',
      },
    ])
  })

  it('has one result of SQL that is sent without a macro', async () => {
    const sql =
      'create table {{ target.schema }}_made as select 1 as n; insert into {{ target.schema }}_made values (2)'
    expect(await run('run-operation', '--sql', sql)).toMatchObject({ code: 0 })
    expect(results().results).toMatchObject([
      { ...entry, status: 'success', unique_id: 'sql operation.small_shop.inline_query' },
    ])
    const { out } = await run('show', '--inline', 'select n from shop_made', '--limit', '1')
    expect(out).toContain('1 row')
    const failed = await run('run-operation', '--sql', 'drop table {{ target.schema }}_gone')
    expect(failed.code).toBe(1)
    expect(failed.err).toContain('table "shop_gone" does not exist')
    expect(results().results).toMatchObject([{ status: 'error', failures: 1 }])
    for (const wrong of [[], ['hello', '--sql', 'select 1'], ['--sql', 'select 1', '--args', '{}']])
      expect((await run('run-operation', ...wrong)).code).toBe(2)
  })

  it('stays as it was where there is no such macro', async () => {
    const before = readFileSync(resultsPath(), 'utf8')
    expect((await run('run-operation', 'helo')).err).toContain("did you mean 'hello'?")
    expect(readFileSync(resultsPath(), 'utf8')).toBe(before)
  })
})

describe('the events of run-operation and source freshness', () => {
  const told = async (...args: string[]) => {
    const { out, err } = await run(...args, '--log-format', 'json', '--log-level', 'debug')
    const lines = `${out}${err}`.trim().split('\n')
    return lines.map((line) => eventRecordSchema.parse(JSON.parse(line)))
  }
  const brief = ({ info: { name, level, msg } }: { info: { name: string; level: string; msg: string } }) => ({
    ...{ name, level, msg },
  })

  it('say what the macro says, in the way it says it', async () => {
    const events = await told('run-operation', 'hello')
    expect(events.map(brief).filter(({ name }) => /Jinja|Print/.test(name))).toEqual([
      { name: 'JinjaLogInfo', level: 'info', msg: 'hello you' },
      { name: 'JinjaLogDebug', level: 'debug', msg: 'quiet you' },
      { name: 'PrintEvent', level: 'info', msg: 'printed' },
    ])
    const { out, err } = await run('run-operation', 'hello')
    expect(out + err).toContain('hello you')
    expect(out + err).not.toContain('quiet you')
  })

  it('say that the macro failed, and why', async () => {
    const events = await told('run-operation', 'divides')
    const [caught] = events.filter(({ info }) => info.name === 'RunningOperationCaughtError')
    expect(caught!.info).toMatchObject({ code: 'Q001', level: 'error' })
    expect(caught!.data).toMatchObject({ exc: expect.stringContaining('division by zero') })
  })

  it('say of each source how fresh it is', async () => {
    const path = join(folder(), 'models', 'raw.yml')
    const table = (name: string, age: string, limit: string) =>
      `{ name: ${name}, identifier: pg_class, loaded_at_field: "now() - interval '${age}'", freshness: { ${limit}: { count: 1, period: hour } } }`
    writeFileSync(
      path,
      `sources:
  - name: raw
    schema: pg_catalog
    tables:
      - ${table('fresh', '1 minute', 'warn_after')}
      - ${table('late', '3 hours', 'warn_after')}
      - ${table('stale', '3 hours', 'error_after')}
`,
    )
    try {
      const events = await told('source', 'freshness')
      const results = events.filter(({ info }) => info.name === 'LogFreshnessResult')
      const found = results.map(
        ({ info, data }) => ({ level: info.level, ...data }) as Record<string, unknown>,
      )
      const byName = Object.fromEntries(found.map((one) => [String(one['table_name']), one]))
      expect(byName['fresh']).toMatchObject({ level: 'info', status: 'pass', source_name: 'raw', total: 3 })
      expect(byName['late']).toMatchObject({ level: 'warn', status: 'warn' })
      expect(byName['stale']).toMatchObject({
        ...{ level: 'error', status: 'error' },
        node_info: { unique_id: 'source.small_shop.raw.stale' },
      })
      expect(found.map(({ index }) => index)).toEqual([1, 2, 3])
    } finally {
      rmSync(path)
    }
  })
})

describe('run_results.json of clone', () => {
  it('has one result for each node, also where nothing was cloned', async () => {
    expect((await run('build')).code).toBe(0)
    cpSync(join(folder(), 'target'), join(folder(), 'state'), { recursive: true })
    const project = join(folder(), 'project.yml')
    const own = readFileSync(project, 'utf8')
    writeFileSync(project, own.replaceAll('schema: shop,', 'schema: shop_clone,'))
    try {
      expect((await run('clone', '--state', 'state', '--select', 'customers', 'raw_orders')).code).toBe(0)
      const first = results()
      expect(first.args).toMatchObject({
        which: 'clone',
        state: 'state',
        select: ['customers', 'raw_orders'],
      })
      const view = { _message: 'CREATE VIEW', code: 'CREATE VIEW', rows_affected: -1 }
      const done = { ...entry, status: 'success', failures: null, execution_time: expect.any(Number) }
      const name = expect.stringContaining('"shop_clone"."customers"')
      const model = { ...done, unique_id: 'model.small_shop.customers', relation_name: name }
      const seed = { ...done, unique_id: 'seed.small_shop.raw_orders', compiled: null }
      const byId = (one: { unique_id: string }, other: { unique_id: string }) =>
        one.unique_id < other.unique_id ? -1 : 1
      expect(first.results.sort(byId)).toEqual([
        { ...model, message: 'CREATE VIEW', adapter_response: view },
        { ...seed, message: 'CREATE VIEW', adapter_response: view },
      ])
      expect((await run('clone', '--state', 'state', '--select', 'customers', 'raw_orders')).code).toBe(0)
      expect(results().results.sort(byId)).toEqual([
        { ...model, message: 'No-op' },
        { ...seed, message: 'No-op' },
      ])
    } finally {
      writeFileSync(project, own)
      rmSync(join(folder(), 'state'), { recursive: true })
    }
  })
})
