import type { WorkerEvent } from './worker.ts'

/*
 * OpenLineage events of steps, for catalogues such as Marquez and DataHub: START when a step begins, COMPLETE, FAIL or
 * ABORT when a try of it has ended. The job is the step, its parent the run of the DAG.
 */

const producer = 'https://www.npmjs.com/package/estimand'
const facets = 'https://openlineage.io/spec/facets'

/** The event that says what a worker has said; null for what is no matter of lineage. */
export function openLineageEvent(
  event: WorkerEvent,
  namespace: string,
  at: Date,
): Readonly<Record<string, unknown>> | null {
  if (event.type !== 'step_started' && event.type !== 'step_ended') return null
  const { dag, step, run, runId, dagRunId } = event.step
  const facet = (name: string, version: string) => ({
    _producer: producer,
    _schemaURL: `${facets}/${version}/${name}.json`,
  })
  const failed =
    event.type === 'step_ended' && event.outcome.status === 'failed' ? event.outcome.message : null
  return {
    eventType: eventType(event),
    eventTime: at.toISOString(),
    producer,
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/definitions/RunEvent',
    run: {
      runId,
      facets: {
        nominalTime: {
          ...facet('NominalTimeRunFacet', '1-0-1'),
          nominalStartTime: run.intervalStart,
          nominalEndTime: run.intervalEnd,
        },
        parent: {
          ...facet('ParentRunFacet', '1-0-1'),
          run: { runId: dagRunId },
          job: { namespace, name: dag.name },
        },
        ...(failed !== null && {
          errorMessage: {
            ...facet('ErrorMessageRunFacet', '1-0-1'),
            message: failed,
            programmingLanguage: 'SQL',
          },
        }),
      },
    },
    job: { namespace, name: `${dag.name}.${step}` },
    inputs: [],
    outputs: [],
  }
}

function eventType(event: Extract<WorkerEvent, { readonly type: 'step_started' | 'step_ended' }>): string {
  if (event.type === 'step_started') return 'START'
  return { success: 'COMPLETE', failed: 'FAIL', cancelled: 'ABORT' }[event.outcome.status]
}
