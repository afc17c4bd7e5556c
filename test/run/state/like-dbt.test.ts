import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compile } from '../../../src/compile/compile.ts'
import { readProject } from '../../../src/project/read-project.ts'
import { manifestArtifact } from '../../../src/run/artifacts/manifest-artifact.ts'
import { options } from '../artifacts/sample-shop.ts'

/*
 * What dbt compares of two manifests has to be the same to the letter, or dbt takes a node of ours for changed.
 * expected-state.json holds it as dbt 1.11.16 wrote it: configs as they are written (without tags, which dbt does not
 * compare), the code of generic tests, the checksums of unit tests.
 */

type Entries = Readonly<Record<string, Readonly<Record<string, unknown>>>>

describe.each(['every-kind', 'dbt-shop'])('the manifest of %s', async (name) => {
  const folder = fileURLToPath(new URL(`../../projects/${name}/`, import.meta.url))
  const expected = JSON.parse(readFileSync(`${folder}expected-state.json`, 'utf8')) as Entries
  const project = await readProject(folder)
  const { manifest } = await compile(project, {
    target: options.target,
    vars: {},
    env: {},
    clock: () => options.generatedAt,
  })
  const { nodes, sources, exposures, metrics, unit_tests } = manifestArtifact(manifest, options)
  const entries: Entries = { ...nodes, ...sources, ...exposures, ...metrics, ...unit_tests }

  it.each(Object.keys(expected))('has %s as dbt has it', (id) => {
    const { unrendered_config: config, raw_code, checksum } = JSON.parse(JSON.stringify(entries[id]))
    const { tags: _, ...written } = config ?? {}
    const own: Record<string, unknown> = { unrendered_config: written, raw_code, checksum }
    const compared = Object.keys(expected[id]!).map((key) => [key, own[key]])
    expect(Object.fromEntries(compared)).toEqual(expected[id])
  })
})
