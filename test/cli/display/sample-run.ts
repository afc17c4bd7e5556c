import type { LoadNode, ModelNode, Node, NodeId, TestNode } from '../../../src/core/node.ts'
import type { Plan } from '../../../src/core/plan.ts'
import type { NodeResult } from '../../../src/core/run-result.ts'

/* A small run for tests of what is shown: a load, two models, a test and a job. */

const base = {
  package: 'shop',
  path: 'models/x.sql',
  place: { file: 'models/x.sql', line: 1, column: 1 },
  fqn: ['shop', 'x'],
  description: '',
  tags: [],
  meta: {},
  columns: [],
  config: {},
  dependsOn: [],
}

function model(name: string, materialized: ModelNode['materialized']): ModelNode {
  return {
    ...base,
    id: `model.shop.${name}`,
    name,
    resourceType: 'model',
    materialized,
    relation: { schema: 'analytics', identifier: name },
  } as unknown as ModelNode
}

const nodeList: readonly Node[] = [
  {
    ...base,
    id: 'load.shop.world',
    name: 'world',
    resourceType: 'load',
    spec: { kind: 'generator', module: 'world.ts', tables: [], params: { events: 1000 } },
  } as unknown as LoadNode,
  model('orders', 'table'),
  model('stg_orders', 'view'),
  {
    ...base,
    id: 'test.shop.not_null_orders_id',
    name: 'not_null_orders_id',
    resourceType: 'test',
  } as unknown as TestNode,
]

export const sampleNodes: Readonly<Record<NodeId, Node>> = Object.fromEntries(
  nodeList.map((node) => [node.id, node]),
)

export const samplePlan: Plan = {
  runId: 'run-1',
  startedAt: '2026-01-01T00:00:00Z',
  command: 'build',
  publish: 'run',
  buildSchema: 'estimand_build_1',
  steps: nodeList.map(({ id }) => ({ nodeId: id, action: 'build', reason: '', dependsOn: [] })),
}

/** A result of a node; what is not given is a success without rows in 1.84 s. */
export function sampleResult(nodeId: NodeId, changes: Partial<NodeResult> = {}): NodeResult {
  return {
    nodeId,
    status: 'success',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:01.840Z',
    durationMs: 1840,
    rows: null,
    message: '',
    thread: 1,
    ...changes,
  }
}
