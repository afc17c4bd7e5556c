import { describe, expect, it } from 'vitest'
import { manifestArtifact } from '../../../src/run/artifacts/index.ts'
import { compiled, rendered, target } from '../../compile/context/parse-project.ts'

describe('names without quotes', () => {
  const files = {
    'project.yml': 'name: demo\nquoting: {database: false, identifier: false}\n',
    'models/Orders.sql': "select * from {{ source('raw', 'Orders') }}",
    'models/odd.sql': "{{ config(alias='odd-name') }} select 1 as id",
    'models/s.yml':
      'sources: [{name: raw, quoting: {schema: false}, tables: [{name: Orders, quoting: {identifier: false}}]}]',
  }

  it('stand in the manifest as templates print them', async () => {
    const { manifest } = await compiled(files)
    const options = {
      invocationId: 'i',
      startedAt: new Date(0),
      generatedAt: new Date(0),
      version: '0',
      target,
    }
    const artifact = manifestArtifact(manifest, options)
    expect(artifact.metadata['quoting']).toEqual({
      database: false,
      schema: true,
      identifier: false,
      column: null,
    })
    const names = { ...artifact.nodes, ...artifact.sources }
    expect(names['model.demo.Orders']).toMatchObject({ relation_name: 'shop."analytics".orders' })
    expect(names['model.demo.odd']).toMatchObject({ relation_name: 'shop."analytics"."odd-name"' })
    expect(names['source.demo.raw.Orders']).toMatchObject({
      relation_name: '"shop".raw.orders',
      quoting: { database: null, schema: false, identifier: false, column: null },
    })
    expect(await rendered("{{ graph.nodes['model.demo.Orders'].relation_name }}", files)).toBe(
      'shop."analytics".orders',
    )
  })
})
