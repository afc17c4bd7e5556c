import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { listLine } from '../../src/cli/list-nodes.ts'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Manifest } from '../../src/core/manifest.ts'
import { type IndirectSelection, select } from '../../src/core/selection/index.ts'
import { readProject } from '../../src/project/read-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

/*
 * The project every-kind, listed and selected from, beside what dbt prints.
 */

const folder = fileURLToPath(new URL('../projects/every-kind/', import.meta.url))
const read = (name: string) => readFileSync(`${folder}${name}`, 'utf8')
const expected = JSON.parse(read('expected-selections.json')) as {
  readonly nodes: readonly string[]
  readonly selections: readonly (readonly [string, IndirectSelection, readonly number[]])[]
}

let manifest: Manifest
beforeAll(async () => {
  const target = {
    name: 'dev',
    type: 'postgres',
    engine: 'postgres',
    schema: 'ek',
    database: 'postgres',
    host: 'localhost',
    port: 5432,
    user: 'postgres',
    threads: 1,
  } as const
  const options = { target, vars: {}, env: {}, clock: () => new Date('2026-01-01T00:00:00Z') }
  manifest = (await compile(await readProject(folder), options)).manifest
})

describe('selections', () => {
  it('are many', () => {
    expect(expected.selections.length).toBeGreaterThan(180)
  })

  it.each(expected.selections)('%s (%s)', (text, indirectSelection, nodes) => {
    const { nodeIds } = select(manifest, { select: [text], indirectSelection })
    const listed = nodeIds
      .filter((id) => manifest.nodes[id]!.resourceType !== 'analysis' || text === 'resource_type:analysis')
      .map((id) => listLine(manifest.nodes[id]!, 'selector'))
    const wanted = nodes.map((index) => expected.nodes[index])
    // dbt's ls names no analyses unless they are asked for as a type of their own.
    expect(text === 'resource_type:analysis' ? [] : listed.sort()).toEqual([...wanted].sort())
  })
})

describe('ls --output json', () => {
  it('prints what dbt prints', async () => {
    const surroundings = fakeSurroundings({ workingDirectory: folder, environment: { HOME: '/nowhere' } })
    const args = ['ls', '--output', 'json', '--resource-type', 'all', '--no-write-json']
    expect(await runCommandLine(args, surroundings)).toBe(0)
    expect(surroundings.written.out.split('\n')).toEqual(read('expected-ls.jsonl').split('\n'))
  })

  it('prints the keys that are asked for', async () => {
    const surroundings = fakeSurroundings({ workingDirectory: folder, environment: { HOME: '/nowhere' } })
    const keys = ['--output-keys', 'name config.materialized', 'fqn', 'config.nothing']
    const args = ['ls', '--output', 'json', '-s', 'stg_customers', '--resource-type', 'model', ...keys]
    expect(await runCommandLine(args, surroundings)).toBe(0)
    expect(surroundings.written.out).toBe(
      '{"name": "stg_customers", "config.materialized": "view", "fqn": ["every_kind", "staging", "stg_customers"]}\n',
    )
  })
})
