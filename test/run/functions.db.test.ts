import { beforeEach, describe, expect, test } from 'vitest'
import { manifestArtifact } from '../../src/run/artifacts/manifest-artifact.ts'
import { deferredRelations } from '../../src/run/state/deferred-relations.ts'
import { stateManifest } from '../../src/run/state/state-manifest.ts'
import { unsafeSql, withWarehouse } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { options } from './artifacts/sample-shop.ts'
import { projectFile } from './project-files.ts'
import {
  compileProject,
  type ProjectRun,
  type ProjectRunOptions,
  runProject,
  useProjectDatabase,
} from './run-project.ts'

const base: Files = {
  'project.yml': projectFile,
  'functions/doubled.sql': 'select value * 2',
  'functions/doubled_text.sql': 'select value || value',
  'functions/total.sql': "select sum({{ function('doubled') }}(n))::int from {{ ref('numbers') }}",
  'functions/functions.yml': `
functions:
  - name: doubled
    config: { volatility: deterministic }
    arguments: [{ name: value, data_type: int, default_value: 21 }]
    returns: { data_type: int }
    overloads:
      - { defined_in: doubled_text, arguments: [{ name: value, data_type: text }], returns: { data_type: text } }
  - { name: total, returns: { data_type: int } }
`,
  'models/numbers.sql': 'select 1 as n union all select 2',
  'models/calls.sql': `
select {{ function('doubled') }}(n) as d, {{ function('doubled') }}('a') as t, {{ function('total') }}() as s
from {{ ref('numbers') }}`,
  'models/reads_calls.sql': "select d from {{ ref('calls') }}",
  'models/kept.sql': "{{ config(materialized='table') }} select {{ function('doubled') }}() as answer",
  'models/refreshed.sql':
    "{{ config(materialized='materialized_view') }} select sum({{ function('doubled') }}(n)) as s from {{ ref('numbers') }}",
}

describe('functions of the database', () => {
  const database = useProjectDatabase()
  const run = (files: Files = {}, options: ProjectRunOptions = {}): Promise<ProjectRun> =>
    withProject({ ...base, ...files }, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const send = (text: string) => database.rows(unsafeSql(text))
  const builds = () => send(`select nspname from pg_namespace where nspname like 'estimand\\_build%'`)

  beforeEach(async () => {
    await send('drop schema if exists analytics, analytics_dev, estimand cascade')
  })

  test('are made before what calls them, with what they read, and published with it', async () => {
    const { result, node } = await run()
    expect(result).toMatchObject({ status: 'success', published: true, problems: [] })
    expect(node('total')).toMatchObject({ status: 'success', message: 'CREATE FUNCTION' })
    expect(await send('select * from analytics.calls order by d')).toEqual([
      { d: 2, t: 'aa', s: 6 },
      { d: 4, t: 'aa', s: 6 },
    ])
    expect(await send('select * from analytics.kept, analytics.refreshed')).toEqual([{ answer: 42, s: 6 }])
    expect(await send(`select provolatile from pg_proc where proname = 'doubled' order by oid`)).toEqual([
      { provolatile: 'i' },
      { provolatile: 'i' },
    ])
    expect(await builds()).toEqual([])
  })

  test('keep those who use them when they get another body', async () => {
    await run()
    await send('create view analytics.of_others as select analytics.doubled(5) as d')
    const before = await send(`select 'analytics.doubled(int)'::regprocedure::oid as oid`)
    const { result } = await run({ 'functions/doubled.sql': 'select value * 3' })
    expect(result.status).toBe('success')
    expect(await send('select d from analytics.of_others')).toEqual([{ d: 15 }])
    expect(await send('select d from analytics.reads_calls order by d')).toEqual([{ d: 3 }, { d: 6 }])
    expect(await send(`select 'analytics.doubled(int)'::regprocedure::oid as oid`)).toEqual(before)
  })

  test('are as they were when anything fails', async () => {
    await run()
    const { result } = await run({
      'functions/doubled.sql': 'select value * 100',
      'models/broken.sql': "{{ config(materialized='table') }} select 1 / (n - n) from {{ ref('numbers') }}",
    })
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(await send('select analytics.doubled(1) as d')).toEqual([{ d: 2 }])
  })

  test('fail before anything changes where they cannot take the place of what is there', async () => {
    await run()
    const { node, result } = await run({
      'functions/total.sql': "select 'many'",
      'functions/functions.yml': String(base['functions/functions.yml']).replace(
        'name: total, returns: { data_type: int }',
        'name: total, returns: { data_type: text }',
      ),
    })
    expect(result.published).toBe(false)
    expect(node('total').problem?.message).toContain('cannot change return type')
    expect(node('calls').status).toBe('skipped')
  })

  test('go live one by one with --publish node', async () => {
    const { result } = await run({}, { publish: 'node' })
    expect(result.status).toBe('success')
    expect(await send('select d from analytics.calls order by d')).toEqual([{ d: 2 }, { d: 4 }])
  })

  test('are called where an earlier state has them while the target has none', async () => {
    await run()
    const compiledWith = (files: Files) =>
      withProject({ ...base, ...files }, (root) =>
        compileProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
      )
    const before = await compiledWith({})
    const state = stateManifest(manifestArtifact(before.manifest, options) as never)
    const elsewhere = {
      'project.yml': `${projectFile}models: { +schema: dev }\nfunctions: { +schema: dev }\n`,
    }
    const { manifest } = await compiledWith(elsewhere)
    const calls = 'model.shop.calls'
    const deferred = (favorState: boolean) =>
      withWarehouse(database.connection, { threads: 1, applicationName: 'test' }, (warehouse) =>
        deferredRelations({ manifest, state, built: [calls], favorState, warehouse }),
      )
    const { node } = await run(elsewhere, { select: ['calls'], deferred: await deferred(false) })
    expect(node('calls').status).toBe('success')
    expect(await send('select * from analytics_dev.calls order by d')).toMatchObject([{ s: 6 }, { s: 6 }])

    await run(elsewhere, { select: ['resource_type:function'], deferred: await deferred(false) })
    const key = 'analytics_dev.doubled()'
    expect((await deferred(false)).has(key)).toBe(false)
    expect((await deferred(true)).get(key)).toEqual({ schema: 'analytics', identifier: 'doubled' })
  })

  test('a table that would lose a constraint with the run is not published', async () => {
    const { result } = await run({
      'models/kept.sql': `{{ config(materialized='table',
        post_hook="alter table {{ this }} add check ({{ function('doubled') }}(answer) > 0)") }}
        select {{ function('doubled') }}() as answer`,
    })
    expect(result).toMatchObject({
      status: 'failed',
      published: false,
      problems: [{ code: 'publish-refused' }],
    })
    expect(result.problems[0]!.message).toContain('analytics.kept')
  })

  test.each([
    ["{{ config(type='aggregate') }} select 1", 'a function of type "aggregate" is not made on PostgreSQL'],
    ["{{ config(volatility='often') }} select 1", 'volatility: "often" is not allowed'],
  ])('%s', async (text, message) => {
    const { node } = await run({ 'functions/doubled.sql': text })
    expect(node('doubled').problem).toMatchObject({ code: 'not-supported', message })
  })
})
