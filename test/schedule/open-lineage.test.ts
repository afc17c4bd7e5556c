import { expect, it } from 'vitest'
import { openLineageEvent } from '../../src/schedule/open-lineage.ts'
import { type StepNode, stepNodes } from '../../src/schedule/step-nodes.ts'
import type { StepOutcome } from '../../src/schedule/worker.ts'
import type { ClaimedStep } from '../../src/store/dags/index.ts'
import { makeDag } from './make-dag.ts'

const step: ClaimedStep = {
  ...{ dagRunId: 'a-run', step: 'work', claim: 1, try: 1, cause: 'first', runId: 'a-try' },
  ...{ previousRunId: null, attempts: 0, dag: makeDag('nightly') },
  run: {
    ...{ cause: 'schedule', instant: '2026-02-02T00:00:00.000Z', queuedAt: '2026-02-02T00:00:00.000Z' },
    ...{ intervalStart: '2026-02-01T00:00:00.000Z', intervalEnd: '2026-02-02T00:00:00.000Z' },
    ...{ vars: {}, retryCount: 0 },
  },
}
const options = {
  ...{ namespace: 'shop', datasets: 'postgres://db:5432', at: new Date('2026-02-02T00:00:01Z') },
  nodes: [] as StepNode[],
}
const ended = (status: StepOutcome['status'], nodes: readonly StepNode[] = []) =>
  openLineageEvent(
    {
      ...{ type: 'step_ended', step, retryAt: null, after: { taken: false, ended: null } },
      outcome: { status, exitCode: 1, message: 'no', log: '' },
    },
    { ...options, nodes },
  )

it('says when a step begins and how it ends, as a part of the run of its DAG', () => {
  expect(openLineageEvent({ type: 'step_started', step }, options)).toMatchObject({
    eventType: 'START',
    eventTime: '2026-02-02T00:00:01.000Z',
    job: { namespace: 'shop', name: 'nightly.work' },
    run: {
      runId: 'a-try',
      facets: {
        nominalTime: { nominalStartTime: '2026-02-01T00:00:00.000Z' },
        parent: { run: { runId: 'a-run' }, job: { namespace: 'shop', name: 'nightly' } },
      },
    },
  })
  expect(ended('success')).toMatchObject({ eventType: 'COMPLETE' })
  expect(ended('cancelled')).toMatchObject({ eventType: 'ABORT' })
  expect(ended('failed')).toMatchObject({
    eventType: 'FAIL',
    run: { facets: { errorMessage: { message: 'no' } } },
  })
  expect(openLineageEvent({ type: 'took_over', steps: 1 }, options)).toBeNull()
})

it('says what a step read and wrote, by the artifacts that it left', () => {
  const place = { database: 'dev', schema: 'shop' }
  const node = (name: string, read: readonly string[], more: object = {}) => ({
    ...{ ...place, resource_type: 'model', alias: name, relation_name: `"dev"."shop"."${name}"` },
    ...{ depends_on: { nodes: read }, ...more },
  })
  const lineage = {
    columns: {
      total: { inputs: [{ node: 'model.shop.orders', column: 'amount' }] },
      day: { inputs: [{ node: 'other.table', column: 'day' }] },
    },
  }
  const result = (unique_id: string, status = 'success') => ({ unique_id, status })
  const days = (meta: object) => node('days', ['model.shop.orders'], { meta })
  const nodes = stepNodes({
    compiled: { nodes: { 'model.shop.days': days({ estimand: { column_lineage: lineage } }) }, sources: {} },
    results: {
      results: [
        result('model.shop.orders'),
        result('model.shop.days'),
        result('test.shop.unique', 'pass'),
        result('model.shop.broken', 'error'),
      ],
    },
    manifest: {
      nodes: {
        'model.shop.orders': node('orders', ['source.shop.raw.orders', 'model.shop.ephemeral']),
        'model.shop.days': days({}),
        'model.shop.broken': node('broken', ['model.shop.days', 'model.shop.other']),
        'model.shop.other': node('other', []),
        'model.shop.ephemeral': { ...node('ephemeral', []), relation_name: null },
        'test.shop.unique': { ...node('unique', ['model.shop.orders']), resource_type: 'test' },
      },
      sources: {
        'source.shop.raw.orders': {
          ...{ resource_type: 'source', database: 'dev', schema: 'raw', identifier: 'orders_v2' },
          relation_name: '"dev"."raw"."orders_v2"',
        },
      },
    },
  })
  const namespace = 'postgres://db:5432'
  expect(ended('failed', nodes)).toMatchObject({
    inputs: [
      { namespace, name: 'dev.raw.orders_v2' },
      { namespace, name: 'dev.shop.other' },
    ],
    outputs: [
      { namespace, name: 'dev.shop.orders' },
      {
        ...{ namespace, name: 'dev.shop.days' },
        facets: {
          columnLineage: {
            fields: {
              total: { inputFields: [{ namespace, name: 'dev.shop.orders', field: 'amount' }] },
              day: { inputFields: [] },
            },
          },
        },
      },
    ],
  })
})
