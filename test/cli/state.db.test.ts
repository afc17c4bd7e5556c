import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, useProjectCopy } from './spawn-estimand.ts'

const database = useTestDatabase()
const folder = useProjectCopy('small-shop')
const run = (...args: string[]) => runEstimand(folder(), args, { DATABASE_URL: database.url })
const path = (...parts: string[]) => join(folder(), ...parts)
const json = (...parts: string[]) => JSON.parse(readFileSync(path(...parts), 'utf8'))

/** Copies what the last command left in target/ to a folder, for later commands to compare with. */
function keepState(name: string): void {
  mkdirSync(path(name), { recursive: true })
  cpSync(path('target'), path(name), { recursive: true })
}

describe('commands beside an earlier state', () => {
  beforeAll(async () => {
    expect((await run('build')).code).toBe(0)
    keepState('before')
  })

  it('finds nothing modified where nothing is, and runs nothing then', async () => {
    const listed = await run('ls', '-s', 'state:modified', 'state:new', '--state', 'before')
    expect(listed).toMatchObject({ code: 0, out: '' })
    const built = await run('build', '-s', 'state:modified+', '--state', 'before')
    expect(built.code).toBe(0)
    expect(built.out).toContain('Nothing to do')
  })

  it('finds a changed model with what is made from it, and what another var would change in none', async () => {
    const model = path('models', 'stg_orders.sql')
    const text = readFileSync(model, 'utf8')
    writeFileSync(model, `${text} and amount < 1000\n`)
    const args = [
      '-s',
      'state:modified+',
      '--state',
      'before',
      '--resource-type',
      'model',
      '--output',
      'name',
    ]
    const listed = await run('ls', ...args, '--vars', '{smallest_amount: 5}')
    writeFileSync(model, text)
    expect(listed.out.split('\n')).toEqual(['customers', 'stg_orders', ''])
  })

  it('says which state is missing', async () => {
    const none = await run('ls', '-s', 'state:modified')
    expect(none).toMatchObject({ code: 2, out: '' })
    expect(none.err).toContain('state:modified needs an earlier state to compare with   [state-missing]')
    const wrong = await run('ls', '-s', 'result:error', '--state', 'nowhere')
    expect(wrong.code).toBe(2)
    expect(wrong.err).toContain('nowhere')
  })

  it('selects by the results of an earlier run', async () => {
    const passed = await run('ls', '-s', 'result:pass', '--state', 'before', '--output', 'name')
    expect(passed.out).toContain('unique_customers_customer_id')
    expect((await run('ls', '-s', 'result:error', '--state', 'before')).out).toBe('')
  })

  it('reads what the target lacks where the state has it', async () => {
    const project = readFileSync(path('project.yml'), 'utf8')
    writeFileSync(
      path('project.yml'),
      project.replace('schema: shop, threads: 2 }\n  prod', 'schema: dev, threads: 2 }\n  prod'),
    )
    try {
      const alone = await run('run', '-s', 'customers')
      expect(alone.code).toBe(1)
      const deferred = await run('run', '-s', 'customers', '--defer', '--state', 'before')
      expect(deferred.code).toBe(0)
      expect(deferred.out).toContain('are read where before has them')
      const rows = await run(
        'show',
        '--inline',
        'select count(*)::int as n from dev.customers',
        '--output',
        'json',
      )
      expect(JSON.parse(rows.out)).toEqual([{ n: 3 }])
      const compiled = await run('compile', '-s', 'customers', '--defer', '--state', 'before')
      expect(compiled.out).toContain('"shop"."stg_orders"')
      const own = await run('compile', '--inline', "{{ ref('customers') }}", '--defer', '--state', 'before')
      expect(own.out).toContain('"dev"."customers"')
      const favored = ['--defer', '--favor-state', '--state', 'before']
      const other = await run('compile', '--inline', "{{ ref('customers') }}", ...favored)
      expect(other.out).toContain('"shop"."customers"')
      expect((await run('run', '--defer')).err).toContain('--defer needs the manifest')
    } finally {
      writeFileSync(path('project.yml'), project)
    }
  })

  it('retries what a failed run left undone, with the flags that it had', async () => {
    const test = path('tests', 'no_big_orders.sql')
    writeFileSync(
      test,
      "select * from {{ ref('stg_orders') }} where amount > {{ var('smallest_amount') }} + 50\n",
    )
    try {
      const args = [
        '--no-reuse',
        '--exclude',
        'unique_customers_customer_id',
        '--vars',
        '{smallest_amount: 0}',
      ]
      expect((await run('build', ...args)).code).toBe(1)
      const { args: kept } = json('target', 'run_results.json')
      expect(kept).toMatchObject({ which: 'build', published: false, vars: { smallest_amount: 0 } })
      expect((await run('retry')).code).toBe(1)
      const again = await run('retry', '--vars', '{smallest_amount: 1}')
      expect(again.code).toBe(1)
      writeFileSync(test, "select * from {{ ref('stg_orders') }} where false\n")
      const fixed = await run('retry')
      expect(fixed.code).toBe(0)
      const { args: last, results } = json('target', 'run_results.json')
      expect(last).toMatchObject({ which: 'build', vars: { smallest_amount: 1 }, published: true })
      // What the run before had built with these vars is published with the rest, and not built again.
      const ids = results.map(({ unique_id: id }: { unique_id: string }) => id.split('.')[2])
      expect(ids).toEqual(expect.arrayContaining(['no_big_orders', 'customers']))
      expect(ids).not.toContain('stg_orders')
      expect(JSON.stringify(results)).not.toContain('estimand_build')
      expect(ids).not.toContain('unique_customers_customer_id')
      expect(last.adopted).toContain('model.small_shop.stg_orders')
      expect(fixed.out).toMatch(/Published everything at once/)
      const nothing = await run('retry')
      expect(nothing.code).toBe(0)
      expect(nothing.out).toContain('Nothing to do')
    } finally {
      rmSync(test)
    }
  })

  it('retries only what failed where each node went live by itself', async () => {
    const late = path('models', 'late.sql')
    writeFileSync(late, "select * from {{ ref('customers') }} where nothing\n")
    try {
      expect((await run('run', '--publish', 'node')).code).toBe(1)
      writeFileSync(late, "select * from {{ ref('customers') }}\n")
      expect((await run('retry')).code).toBe(0)
      const { results } = json('target', 'run_results.json')
      expect(results.map(({ unique_id: id }: { unique_id: string }) => id)).toEqual(['model.small_shop.late'])
    } finally {
      rmSync(late)
    }
  })

  it('writes the columns of the warehouse to catalog.json', async () => {
    const { code, err } = await run('docs', 'generate')
    expect({ code, err }).toMatchObject({ code: 0 })
    const { metadata, nodes, sources, errors } = json('target', 'catalog.json')
    expect(metadata.dbt_schema_version).toBe('https://schemas.getdbt.com/dbt/catalog/v1.json')
    expect(Date.parse(metadata.invocation_started_at)).toBeLessThan(Date.parse(metadata.generated_at))
    expect({ sources, errors }).toEqual({ sources: {}, errors: null })
    expect(nodes['model.small_shop.customers']).toMatchObject({
      unique_id: 'model.small_shop.customers',
      metadata: { type: 'BASE TABLE', schema: 'shop', name: 'customers', comment: null },
      columns: {
        customer_id: { name: 'customer_id', type: 'integer', index: 1, comment: null },
        orders: { type: 'bigint', index: 2 },
      },
      stats: { has_stats: { value: false, include: false } },
    })
    expect(nodes['model.small_shop.stg_orders'].metadata.type).toBe('VIEW')
    expect(existsSync(path('target', 'compiled', 'small_shop', 'models', 'customers.sql'))).toBe(true)
    const { meta } = json('target', 'manifest.json').nodes['model.small_shop.stg_orders']
    expect(meta.estimand.column_lineage.columns.order_id).toEqual({
      inputs: [{ node: 'seed.small_shop.raw_orders', column: 'order_id', kind: 'copy' }],
    })
    keepState('documented')
    const modified = ['ls', '-s', 'state:modified', '--state', 'documented']
    expect(await run(...modified)).toMatchObject({ code: 0, out: '' })
    expect((await run('docs', 'generate', '--no-compile', '--empty-catalog')).code).toBe(0)
    expect(json('target', 'catalog.json').nodes).toEqual({})
  })

  it('writes no artifacts when it is told to', async () => {
    rmSync(path('target'), { recursive: true })
    expect((await run('parse', '--no-write-json')).code).toBe(0)
    expect(existsSync(path('target'))).toBe(false)
    expect((await run('parse')).code).toBe(0)
    expect(Object.keys(json('target', 'manifest.json').nodes)).toContain('model.small_shop.customers')
    expect((await run('retry')).err).toContain('there is no run_results.json')
  })

  it('reads nothing with --empty', async () => {
    expect((await run('run', '--empty')).code).toBe(0)
    const rows = await run(
      'show',
      '--inline',
      'select count(*)::int as n from shop.customers',
      '--output',
      'json',
    )
    expect(JSON.parse(rows.out)).toEqual([{ n: 0 }])
  })
})
