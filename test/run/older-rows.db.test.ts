import { beforeEach, describe, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRun, type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/*
 * What becomes of the rows that an incremental model has made when its definition is another one.
 */

const sources = 'sources: [{ name: shop, schema: shop, tables: [{ name: orders }] }]\n'

/** A model that adds the days that it does not have. */
function daily(amount: string, config = '', known = ''): string {
  return `{{ config(materialized='incremental', unique_key='day'${config && `, ${config}`}) }}
select day, ${amount} from {{ ref('stg') }}
{% if is_incremental() %}where day > (select max(day) from {{ this }} ${known}){% endif %}`
}

const rebuild = "on_change='rebuild'"

describe('rows of an older definition', () => {
  const database = useProjectDatabase()
  const run = (models: Files, options: ProjectRunOptions = {}) =>
    withProject(
      {
        'project.yml': projectFile,
        'models/sources.yml': sources,
        'models/stg.sql': "select * from {{ source('shop', 'orders') }}",
        ...models,
      },
      (root) => runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const nextDay = () => database.rows(sql`insert into shop.orders select max(day) + 1, 10 from shop.orders`)
  const amounts = async () =>
    (await database.rows(sql`select * from analytics.m order by day`)).map((row) =>
      Object.values(row).slice(1),
    )
  const stepOf = ({ events }: ProjectRun, name = 'm') => {
    const started = events.find((event) => event.type === 'run_started')!
    return started.plan.steps.find(({ nodeId }) => started.nodeNames[nodeId] === name)!
  }
  const warnings = ({ events }: ProjectRun) =>
    events.flatMap((event) => (event.type === 'log' && event.level === 'warn' ? [event.message] : []))

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
    await database.rows(sql`drop schema if exists shop cascade`)
    await database.rows(sql`create schema shop`)
    await database.rows(sql`create table shop.orders (day date, amount int)`)
    await database.rows(sql`insert into shop.orders values ('2026-01-01', 10)`)
  })

  test('stay as in dbt, and whoever looks is told of them until they are gone', async () => {
    await run({ 'models/m.sql': daily('amount') })
    await nextDay()
    const changed = { 'models/m.sql': daily('amount * 2 as amount') }
    const first = await run(changed)
    expect(await amounts()).toEqual([[10], [20]])
    expect(warnings(first)).toEqual([
      'm keeps rows that an older definition made (its own code changed); anew: ' +
        'estimand build --full-refresh --select m+, or always with on_change: rebuild',
    ])
    await nextDay()
    const second = await run(changed)
    expect(warnings(second)).toEqual([])
    expect(stepOf(second).history!.older).toHaveLength(1)
    await run(changed, { fullRefresh: true })
    expect(await amounts()).toEqual([[20], [20], [20]])
    await nextDay()
    expect(stepOf(await run(changed)).history!.older).toEqual([])
  })

  test('are made anew where the model asks for it, also later, also when it reads a column that is new', async () => {
    await run({ 'models/m.sql': daily('amount') })
    await nextDay()
    await run({ 'models/m.sql': daily('amount * 2 as amount') })
    const asked = await run({ 'models/m.sql': daily('amount * 2 as amount', rebuild) })
    expect(stepOf(asked)).toMatchObject({
      action: 'build',
      reason: 'incremental, but an older definition made some of its rows, and on_change is rebuild',
    })
    expect(await amounts()).toEqual([[20], [20]])
    const wide = daily('amount * 2 as amount, 1 as size', rebuild, 'where size = 1')
    const widened = await run({ 'models/m.sql': wide })
    expect(stepOf(widened).reason).toBe('incremental, but its own code changed, and on_change is rebuild')
    expect([widened.result.status, await amounts()]).toEqual([
      'success',
      [
        [20, 1],
        [20, 1],
      ],
    ])
    await nextDay()
    const night = await run({ 'models/m.sql': wide })
    expect([stepOf(night).action, night.node('m').rows]).toEqual(['increment', 1])
  })

  test('are old too when what the model reads, or a macro, is another; a var of the day makes none old', async () => {
    const files = (rate: number, stg = 'amount'): Files => ({
      'macros/rate.sql': `{% macro rate() %}${rate} {# each #}{% endmacro %}`,
      'models/stg.sql': `select day, ${stg} as amount from {{ source('shop', 'orders') }} where day < '{{ var('until') }}'`,
      'models/m.sql': daily('amount * {{ rate() }} as amount', rebuild),
    })
    const until = (day: number) => ({ vars: { until: `2026-01-${day}` } })
    await run(files(1), until(10))
    await nextDay()
    const sameWords = await run(
      { ...files(1), 'models/stg.sql': `-- why\n${files(1)['models/stg.sql']!}` },
      until(11),
    )
    expect([stepOf(sameWords).action, await amounts()]).toEqual(['increment', [[10], [10]]])
    expect(stepOf(await run(files(2), until(12))).reason).toContain('macro rate changed')
    expect(await amounts()).toEqual([[20], [20]])
    expect(stepOf(await run(files(2, '-amount'), until(13))).reason).toContain('what it reads changed: stg')
    expect(await amounts()).toEqual([[-20], [-20]])
  })

  test('stay where full_refresh is false, and are known again after a rollback of the definition', async () => {
    const kept = (amount: string) => ({ 'models/m.sql': daily(amount, `${rebuild}, full_refresh=false`) })
    await run(kept('amount'))
    await nextDay()
    const changed = await run(kept('amount * 2 as amount'))
    expect(stepOf(changed).action).toBe('increment')
    expect(warnings(changed)).toEqual([
      expect.stringContaining(
        '--full-refresh --select m+ once its config says full_refresh: false no more, or',
      ),
    ])
    expect(await amounts()).toEqual([[10], [20]])
    await nextDay()
    // The first definition is back: now the rows of the second are the old ones.
    const back = await run(kept('amount'))
    expect(stepOf(back).history!.older).toHaveLength(1)
    expect(await amounts()).toEqual([[10], [20], [10]])
  })

  test('are named where a column is missing that only a newer definition has', async () => {
    await run({ 'models/m.sql': daily('amount') })
    await nextDay()
    const failed = await run({ 'models/m.sql': daily('amount, 1 as size', '', 'where size = 1') })
    const hint =
      'the table of m is from before its definition changed; make it anew: estimand build --full-refresh --select m+'
    expect(failed.node('m')).toMatchObject({ message: 'column "size" does not exist' })
    expect(failed.node('m').problem!.hint).toContain(hint)
    const below = await run({
      'models/m.sql': daily('amount, 1 as size'),
      'models/wide.sql': "select size from {{ ref('m') }}",
    })
    expect(below.node('m').status).toBe('success')
    expect(below.node('wide').problem!.hint).toContain(hint)
  })

  test('are known of tables that an earlier release published, by the words and the SQL alone', async () => {
    await run({ 'models/m.sql': daily('amount') })
    await database.rows(sql`update estimand.definitions set fingerprint = fingerprint - 'making' - 'version'`)
    await nextDay()
    expect(stepOf(await run({ 'models/m.sql': daily('amount', rebuild) })).action).toBe('increment')
    await database.rows(sql`update estimand.definitions set fingerprint = fingerprint - 'making' - 'version'`)
    expect(stepOf(await run({ 'models/m.sql': daily('amount * 2 as amount', rebuild) })).action).toBe('build')
    expect(await amounts()).toEqual([[20], [20]])
  })
})
