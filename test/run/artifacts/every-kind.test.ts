import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compile } from '../../../src/compile/compile.ts'
import { readProject } from '../../../src/project/read-project.ts'
import { manifestArtifact } from '../../../src/run/artifacts/manifest-artifact.ts'
import { manifestFaults } from './dbt-format.ts'
import { options } from './sample-shop.ts'

/*
 * The manifest of a dbt project with a node of every kind. Hashes are those that dbt 1.11.16 writes.
 */

const folder = fileURLToPath(new URL('../../projects/every-kind/', import.meta.url))
const project = await readProject(folder)
const clock = () => options.generatedAt
const { manifest } = await compile(project, { target: options.target, vars: {}, env: {}, clock })
const artifact = manifestArtifact(manifest, options)

describe('the manifest of a dbt project', () => {
  it("has dbt's format", () => {
    expect(manifestFaults(artifact)).toEqual([])
  })

  it('has an entry of every kind', () => {
    const types = new Set(Object.values(artifact.nodes).map((node) => node['resource_type']))
    expect([...types].sort()).toEqual(['analysis', 'model', 'seed', 'snapshot', 'test'])
    expect(Object.keys(artifact.metrics)).toHaveLength(3)
    expect(Object.keys(artifact.unit_tests).sort()).toEqual([
      'unit_test.every_kind.customers.v2_total_v1',
      'unit_test.every_kind.customers.v2_total_v2',
      'unit_test.every_kind.payments_daily.daily_sums',
    ])
    expect(Object.keys(artifact.disabled)).toEqual(['model.every_kind.switched_off'])
    expect(Object.keys(artifact.selectors)).toEqual([
      'nightly',
      'marts_only',
      'not_marts',
      'cautious_stg',
      'both',
    ])
    expect(artifact.group_map['ops']).toEqual([
      'model.every_kind.payments_daily',
      expect.stringContaining('one_row_a_day'),
    ])
    expect(artifact.docs['doc.every_kind.customer']).toMatchObject({ block_contents: 'Somebody who paid.' })
  })

  it('has the ids and hashes of dbt', () => {
    expect(Object.keys(artifact.nodes)).toContain('test.every_kind.one_row_a_day.7fdbcae1c7')
    expect(artifact.nodes['seed.every_kind.raw_customers']).toMatchObject({
      checksum: {
        name: 'sha256',
        checksum: '1cbea4c8d65e70fda738ae65d9ec008472de338c2e593477fab1c122f8560308',
      },
    })
    expect(artifact.nodes['model.every_kind.customers.v1']).toMatchObject({
      contract: { checksum: 'f3914f4bc495688d75cb27eef560d2f9975ec20cc00ff90f898f1e2d8f414782' },
      path: 'marts/core/customers_v1.sql',
    })
  })

  it('names the macros that are called, through others and from packages', () => {
    expect(artifact.nodes['model.every_kind.top_customers']).toMatchObject({
      depends_on: { macros: ['macro.every_kind.limit_of'] },
    })
    expect(artifact.macros['macro.every_kind.limit_of']).toMatchObject({
      depends_on: { macros: ['macro.every_kind.base_limit'] },
    })
    expect(artifact.nodes['model.every_kind.stg_payments']).toMatchObject({
      depends_on: { macros: ['macro.util_pkg.cents'] },
    })
    expect(artifact.macros['macro.util_pkg.cents']).toMatchObject({ original_file_path: 'macros/m.sql' })
  })
})
