import { describe, expect, it } from 'vitest'
import { catalogArtifact } from '../../../src/run/artifacts/catalog-artifact.ts'
import { sourcesArtifact } from '../../../src/run/artifacts/sources-artifact.ts'
import { catalogFaults, sourcesFaults } from './dbt-format.ts'
import { options, orders, shop } from './sample-shop.ts'

describe('catalogArtifact', () => {
  const row = {
    ...orders.relation,
    type: 'BASE TABLE',
    owner: 'estimand',
    comment: null,
    columns: [{ name: 'order_id', type: 'bigint', index: 1, comment: 'The key.' }],
  }
  const artifact = catalogArtifact([row], shop, options)

  it('describes the relations that are there, under the ids of their nodes', () => {
    expect(artifact.nodes).toEqual({
      [orders.id]: {
        unique_id: orders.id,
        metadata: {
          type: 'BASE TABLE',
          schema: orders.relation.schema,
          name: orders.relation.identifier,
          database: options.target.database,
          comment: null,
          owner: 'estimand',
        },
        columns: { order_id: { name: 'order_id', type: 'bigint', index: 1, comment: 'The key.' } },
        stats: { has_stats: expect.objectContaining({ value: false }) },
      },
    })
    expect(artifact.sources).toEqual({})
  })

  it("has dbt's format", () => {
    expect(catalogFaults(artifact)).toEqual([])
  })
})

describe('sourcesArtifact', () => {
  const at = '2026-01-02T00:00:00.000Z'
  const looked = { startedAt: at, finishedAt: at, durationMs: 20, thread: 2 }
  const id = Object.keys(shop.nodes).find((node) => node.startsWith('source.'))!
  const artifact = sourcesArtifact(
    [
      {
        nodeId: id,
        status: 'warn',
        maxLoadedAt: '2026-01-01T00:00:00.000Z',
        snapshottedAt: at,
        ageSeconds: 86400,
        ...looked,
      },
      {
        nodeId: id,
        status: 'runtime error',
        error: 'no such table',
        maxLoadedAt: null,
        snapshottedAt: null,
        ageSeconds: null,
        ...looked,
      },
    ],
    100,
    shop,
    options,
  )

  it('says how old the newest row is, or why nobody could tell', () => {
    expect(artifact.results).toMatchObject([
      { unique_id: id, status: 'warn', max_loaded_at_time_ago_in_s: 86400, thread_id: 'Thread-2' },
      { unique_id: id, status: 'runtime error', error: 'no such table' },
    ])
    expect(artifact.elapsed_time).toBe(0.1)
  })

  it("has dbt's format", () => {
    expect(sourcesFaults(artifact)).toEqual([])
  })
})
