import { expect, it } from 'vitest'
import { openLineageEvent } from '../../src/schedule/open-lineage.ts'
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
const at = new Date('2026-02-02T00:00:01Z')
const ended = (status: StepOutcome['status']) =>
  openLineageEvent(
    {
      ...{ type: 'step_ended', step, retryAt: null, after: { taken: false, ended: null } },
      outcome: { status, exitCode: 1, message: 'no', log: '' },
    },
    'shop',
    at,
  )

it('says when a step begins and how it ends, as a part of the run of its DAG', () => {
  expect(openLineageEvent({ type: 'step_started', step }, 'shop', at)).toMatchObject({
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
  expect(openLineageEvent({ type: 'took_over', steps: 1 }, 'shop', at)).toBeNull()
})
