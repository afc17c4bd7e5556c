import type { NamedRelation, StepNode } from './step-nodes.ts'
import type { WorkerEvent } from './worker.ts'

/*
 * OpenLineage events of steps, for catalogues such as Marquez and DataHub: START when a step begins, COMPLETE, FAIL or
 * ABORT when a try of it has ended. The job is the step, its parent the run of the DAG; what its nodes wrote is its
 * output, and what they read beside that its input.
 */

const producer = 'https://www.npmjs.com/package/estimand'
const spec = 'https://openlineage.io/spec'

export interface LineageOptions {
  /** Of jobs. */
  readonly namespace: string
  /** Of tables: `postgres://host:port`. */
  readonly datasets: string
  readonly at: Date
  /** What the step worked on; nothing where it only begins, or is a program. */
  readonly nodes: readonly StepNode[]
}

/** The event that says what a worker has said; null for what is no matter of lineage. */
export function openLineageEvent(
  event: WorkerEvent,
  { namespace, datasets, at, nodes }: LineageOptions,
): Readonly<Record<string, unknown>> | null {
  if (event.type !== 'step_started' && event.type !== 'step_ended') return null
  const { dag, step, run, runId, dagRunId } = event.step
  const failed =
    event.type === 'step_ended' && event.outcome.status === 'failed' ? event.outcome.message : null
  return {
    eventType: eventType(event),
    eventTime: at.toISOString(),
    producer,
    schemaURL: `${spec}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
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
    job: {
      namespace,
      name: `${dag.name}.${step}`,
      facets: {
        jobType: {
          ...facet('JobTypeJobFacet', '2-0-2'),
          ...{ processingType: 'BATCH', integration: 'ESTIMAND', jobType: 'TASK' },
        },
      },
    },
    ...inputsAndOutputs(nodes, datasets),
  }
}

function inputsAndOutputs(nodes: readonly StepNode[], namespace: string) {
  const outputs = new Map(
    nodes.flatMap(({ wrote, columns }) =>
      wrote ? [[datasetName(wrote), outputOf(wrote, columns, namespace)] as const] : [],
    ),
  )
  const read = new Set(nodes.flatMap((node) => node.read.map(datasetName)))
  return {
    inputs: [...read].filter((name) => !outputs.has(name)).map((name) => ({ namespace, name })),
    outputs: [...outputs.values()],
  }
}

function outputOf(wrote: NamedRelation, columns: StepNode['columns'], namespace: string) {
  const dataset = { namespace, name: datasetName(wrote) }
  if (columns.length === 0) return dataset
  const fields = columns.map(({ name, inputs }) => [
    name,
    {
      inputFields: inputs.map(({ relation, column }) => ({
        ...{ namespace, name: datasetName(relation), field: column },
      })),
    },
  ])
  return {
    ...dataset,
    facets: {
      columnLineage: {
        ...facet('ColumnLineageDatasetFacet', '1-0-1'),
        fields: Object.fromEntries(fields),
      },
    },
  }
}

function datasetName({ database, schema, name }: NamedRelation): string {
  return `${database}.${schema}.${name}`
}

function facet(name: string, version: string) {
  return { _producer: producer, _schemaURL: `${spec}/facets/${version}/${name}.json#/$defs/${name}` }
}

function eventType(event: Extract<WorkerEvent, { readonly type: 'step_started' | 'step_ended' }>): string {
  if (event.type === 'step_started') return 'START'
  return { success: 'COMPLETE', failed: 'FAIL', cancelled: 'ABORT' }[event.outcome.status]
}
