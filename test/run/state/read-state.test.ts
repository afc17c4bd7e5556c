import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../../../src/compile/compile.ts'
import type { Manifest, Target } from '../../../src/core/manifest.ts'
import { readProject } from '../../../src/project/read-project.ts'
import { manifestArtifact } from '../../../src/run/artifacts/manifest-artifact.ts'
import { readState } from '../../../src/run/state/read-state.ts'
import { options } from '../artifacts/sample-shop.ts'

const project = await readProject(fileURLToPath(new URL('../../projects/every-kind/', import.meta.url)))
const config = project.packages[0]!.config
const templated = {
  ...project,
  packages: [
    {
      ...project.packages[0]!,
      config: {
        ...config,
        configTrees: {
          ...config.configTrees,
          models: { every_kind: { '+schema': "{{ 'live' if target.name == 'prod' else target.schema }}" } },
        },
      },
    },
    ...project.packages.slice(1),
  ],
}

const targetOf = (name: string): Target => ({ ...options.target, name, schema: `${name}_schema` })
const compiled = async (name: string, of = project): Promise<Manifest> =>
  (await compile(of, { target: targetOf(name), vars: {}, env: {}, clock: () => options.generatedAt }))
    .manifest

const folder = mkdtempSync(join(tmpdir(), 'estimand-state-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, document: unknown) => writeFileSync(join(folder, name), JSON.stringify(document))
const stateOf = (manifest: Manifest, name: string) =>
  readState({ folder, targetFolder: folder, manifest, options: { ...options, target: targetOf(name) } })

const modified = (manifest: Manifest, name: string): string[] => {
  const { compare } = stateOf(manifest, name)
  return Object.keys(manifest.nodes).filter((id) => compare!(id).isModified)
}

describe('readState', () => {
  let prod: Manifest
  beforeAll(async () => {
    prod = await compiled('prod')
    write('manifest.json', manifestArtifact(prod, { ...options, target: targetOf('prod') }))
  })

  it('finds nothing changed on another target', async () => {
    expect(modified(await compiled('dev'), 'dev')).toEqual([])
  })

  it('finds nothing changed where only templates come to something else there', async () => {
    const live = await compiled('prod', templated)
    write('manifest.json', manifestArtifact(live, { ...options, target: targetOf('prod') }))
    const dev = await compiled('dev', templated)
    expect(dev.nodes['model.every_kind.time_spine']).toMatchObject({
      config: { schema: 'dev_schema' },
      writtenConfig: { schema: expect.stringContaining('{{') },
    })
    expect(modified(dev, 'dev')).toEqual([])
    const other = modified(await compiled('dev'), 'dev')
    expect(other).toContain('model.every_kind.time_spine')
    write('manifest.json', manifestArtifact(prod, { ...options, target: targetOf('prod') }))
  })

  it('finds nodes that call a changed macro, and their tests not', async () => {
    const id = 'macro.every_kind.base_limit'
    const changed = {
      ...prod,
      macros: {
        ...prod.macros,
        [id]: { ...prod.macros[id]!, source: '{% macro base_limit() %}9{% endmacro %}' },
      },
    }
    expect(modified(changed, 'prod')).toEqual(['model.every_kind.top_customers'])
    expect([...stateOf(changed, 'prod').compare!('model.every_kind.top_customers').changes]).toEqual([
      'macros',
    ])
  })

  it('finds contracts that no longer hold, also those of models that are gone', () => {
    const { 'model.every_kind.customers.v1': gone, ...nodes } = prod.nodes
    const v2 = prod.nodes['model.every_kind.customers.v2']!
    const changed = {
      ...prod,
      nodes: { ...nodes, [v2.id]: { ...v2, columns: v2.columns.slice(1) } },
      disabled: [...prod.disabled, gone!],
    }
    expect(stateOf(prod, 'prod').brokenContracts!()).toEqual([])
    expect(stateOf(changed, 'prod').brokenContracts!()).toMatchObject([
      { model: 'customers.v1', isVersioned: true, breaks: ['it was switched off'] },
      { model: 'customers.v2', breaks: [`column ${v2.columns[0]!.name} was removed`] },
    ])
  })

  it('reads results and freshness under the ids of nodes', () => {
    write('run_results.json', { results: [{ unique_id: 'model.every_kind.time_spine', status: 'error' }] })
    write('sources.json', {
      results: [{ unique_id: 'source.every_kind.app.events', max_loaded_at: '2026-01-01T00:00:00Z' }],
    })
    const { statuses, fresher } = stateOf(prod, 'prod')
    expect([...statuses!]).toEqual([['model.every_kind.time_spine', 'error']])
    expect([...fresher!]).toEqual([])
  })

  it('says what is broken or not there', () => {
    expect(() =>
      readState({ folder: '/nowhere/at/all', targetFolder: folder, manifest: prod, options }),
    ).toThrow('there is no folder /nowhere/at/all')
    writeFileSync(join(folder, 'run_results.json'), '{"results": [')
    expect(() => stateOf(prod, 'prod').statuses).toThrow('run_results.json cannot be read')
  })
})
