import { describe, expect, it } from 'vitest'
import { manifestArtifact } from '../../src/run/artifacts/manifest-artifact.ts'
import { runResultsArtifact } from '../../src/run/artifacts/run-results-artifact.ts'
import { sql } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { compileProject, runProject, useProjectDatabase } from './run-project.ts'

const times = { invocationId: 'i', startedAt: new Date(0), generatedAt: new Date(0), version: '0' }

describe('on-run-start and on-run-end', () => {
  const database = useProjectDatabase()

  /** What dbt's tools read of a run with these hooks, and whether it went well. */
  async function results(hooks: string, more: Readonly<Record<string, string>> = {}) {
    await database.rows(sql`drop schema if exists analytics cascade`)
    const files = {
      'dbt_project.yml': `name: shop\nprofile: shop\nversion: '1.0'\n${hooks}`,
      'profiles.yml': `shop: {target: t, outputs: {t: {type: postgres, host: h, user: u, dbname: d, schema: analytics}}}`,
      'models/a.sql': 'select 1 as id',
      'models/b.sql': "select id from {{ ref('a') }}",
      ...more,
    }
    return withProject(files, async (root) => {
      const { connection } = database
      const { result } = await runProject(root, connection)
      const { manifest } = await compileProject(root, connection)
      const options = { ...times, target: connection.target }
      const entries = runResultsArtifact(result, manifest, options).results.map(
        ({ unique_id, status, message, failures, compiled_code, thread_id }) => ({
          ...{ unique_id, status, message, failures, compiled_code, thread_id },
        }),
      )
      return { result, entries, manifest: manifestArtifact(manifest, options) }
    })
  }

  it('are nodes and results, as in dbt', async () => {
    const { result, entries, manifest } = await results(`
on-run-start: ["create table analytics.noted (n int)", "{{ log('only said') }}"]
on-run-end: "insert into {{ ref('a').schema }}.noted values ({{ results | length }})"`)
    expect(result.status).toBe('success')
    const hook = { status: 'success', failures: 0, thread_id: 'main' }
    expect(entries).toMatchObject([
      {
        ...{
          unique_id: 'operation.shop.shop-on-run-start-0',
          message: 'shop.on-run-start.0 passed',
          ...hook,
        },
        compiled_code: 'create table analytics.noted (n int)',
      },
      { unique_id: 'operation.shop.shop-on-run-start-1', compiled_code: '', ...hook },
      { unique_id: 'model.shop.a' },
      { unique_id: 'model.shop.b' },
      {
        ...{ unique_id: 'operation.shop.shop-on-run-end-0', message: 'shop.on-run-end.0 passed', ...hook },
        compiled_code: 'insert into analytics.noted values (2)',
      },
    ])
    expect(await database.rows(sql`select n from analytics.noted`)).toEqual([{ n: 2 }])
    const id = 'operation.shop.shop-on-run-end-0'
    expect(manifest.nodes[id]).toMatchObject({
      name: 'shop-on-run-end-0',
      resource_type: 'operation',
      path: 'hooks/shop-on-run-end-0.sql',
      original_file_path: './dbt_project.yml',
      fqn: ['shop', 'hooks', 'shop-on-run-end-0'],
      tags: ['on-run-end'],
      depends_on: { nodes: ['model.shop.a'] },
      refs: [{ name: 'a', package: null, version: null }],
      index: 0,
    })
    expect(manifest.parent_map[id]).toEqual(['model.shop.a'])
    expect(manifest.child_map['model.shop.a']).toEqual(['model.shop.b', id])
    expect(manifest.child_map[id]).toEqual([])
  })

  it('skip what comes after one that fails, and the nodes of the run; the end is told of none', async () => {
    const { result, entries } = await results(`
on-run-start: ["create table public.left_by_hooks (n int)", "select nope", "select 1"]
on-run-end: ["insert into public.left_by_hooks values ({{ results | length + schemas | length }})"]`)
    expect(result).toMatchObject({ status: 'failed', problems: [{ code: 'sql-error' }] })
    expect(entries.map(({ unique_id, status }) => [unique_id, status])).toEqual([
      ['operation.shop.shop-on-run-start-0', 'success'],
      ['operation.shop.shop-on-run-start-1', 'error'],
      ['operation.shop.shop-on-run-start-2', 'skipped'],
      ['model.shop.a', 'skipped'],
      ['model.shop.b', 'skipped'],
      ['operation.shop.shop-on-run-end-0', 'success'],
    ])
    expect(entries[1]).toMatchObject({
      message: expect.stringMatching(/^shop\.on-run-start\.1 failed, error:\n .*"nope" does not exist/),
      failures: 1,
      compiled_code: 'select nope',
    })
    expect(entries[2]).toMatchObject({ message: 'shop.on-run-start.2 skipped', compiled_code: null })
    expect(await database.rows(sql`select n from public.left_by_hooks`)).toEqual([{ n: 0 }])
    await database.rows(sql`drop table public.left_by_hooks`)
  })

  it('run those of packages first, by name, and count them through', async () => {
    const pack = (name: string) => ({
      [`dbt_packages/${name}/dbt_project.yml`]: `name: ${name}\nversion: '1.0'\non-run-start: "select '${name}'"`,
    })
    const packages = { ...pack('zoo'), ...pack('ant') }
    const { entries } = await results("on-run-start: select 'own'", packages)
    expect(entries.slice(0, 3).map(({ unique_id, message }) => [unique_id, message])).toEqual([
      ['operation.ant.ant-on-run-start-0', 'ant.on-run-start.0 passed'],
      ['operation.zoo.zoo-on-run-start-0', 'zoo.on-run-start.1 passed'],
      ['operation.shop.shop-on-run-start-0', 'shop.on-run-start.2 passed'],
    ])
  })

  it('are in graph, and tell schemas of what went well only', async () => {
    const { result } = await results(
      `
on-run-end: "create table public.left_by_hooks as select '{{ schemas | join }}' as schemas, {{ graph.nodes['operation.shop.shop-on-run-end-0'].tags | length }} as tags"`,
      { 'models/c.sql': "{{ config(schema='broken') }} select nope" },
    )
    expect(result.problems).toEqual([])
    expect(await database.rows(sql`select * from public.left_by_hooks`)).toEqual([
      { schemas: 'analytics', tags: 1 },
    ])
    await database.rows(sql`drop table public.left_by_hooks`)
  })
})
