import type { Dag, DagStep, NodesStep, StepKind } from '../core/dag.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import { makeGraph, type NodeGraph } from '../core/graph.ts'
import type { Manifest } from '../core/manifest.ts'
import type { ResourceType } from '../core/node.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import { select } from '../core/selection/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { findDag, openDags } from './open-dags.ts'
import { tellWarnings } from './warning-policy.ts'
import { openWorkspace } from './workspace.ts'

export interface DagValidateFlags {
  readonly output: 'text' | 'json'
}

/** Checks DAG files, and that what they name is in the project: nodes, macros, sources. */
export async function validateDags(
  context: CommandContext,
  { output }: DagValidateFlags,
  names: readonly string[],
): Promise<ExitCode> {
  const reading = await openDags(context)
  const dags = names.length === 0 ? reading.dags : names.map((name) => findDag(reading, name))
  const { manifest } = await openWorkspace(context, {}, { checksSql: false })
  const graph = makeGraph(manifest)
  const found = dags.flatMap((dag) => dagProblems(dag, manifest, graph))
  const problems = names.length === 0 ? [...reading.problems, ...found] : found
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (output === 'json') {
    context.terminal.out.write(
      `${JSON.stringify({ dags: dags.map(({ name }) => name), problems }, null, 2)}\n`,
    )
    return errors.length > 0 ? 2 : 0
  }
  if (errors.length > 0) throw new ProblemError(problems)
  tellWarnings(problems, context)
  const count = `${dags.length} ${dags.length === 1 ? 'DAG' : 'DAGs'}`
  context.terminal.out.write(
    `${count}, ${dags.reduce((sum, { steps }) => sum + steps.length, 0)} steps: all in order\n`,
  )
  return 0
}

/** What a DAG names that is not in the project. */
export function dagProblems(dag: Dag, manifest: Manifest, graph: NodeGraph): Problem[] {
  return [
    ...dag.steps.flatMap((step) => stepProblems(step, manifest, graph)),
    ...triggerProblems(dag, manifest),
  ]
}

/** Which nodes a kind of step works on; build takes all. */
export const typesOfStep: Readonly<Record<NodesStep['kind'], readonly ResourceType[] | null>> = {
  load: ['load'],
  build: null,
  run: ['model', 'job'],
  test: ['test', 'unit_test'],
  seed: ['seed'],
  snapshot: ['snapshot'],
  job: ['job'],
  source_freshness: ['source'],
}

function stepProblems(step: DagStep, manifest: Manifest, graph: NodeGraph): Problem[] {
  switch (step.kind) {
    case 'command':
      return []
    case 'operation':
      return macroProblems(step.macro, step, manifest)
    case 'export':
      return selectionProblems(step, { kind: 'export', select: [step.select], exclude: [] }, manifest, graph)
    default:
      return selectionProblems(step, step, manifest, graph)
  }
}

function selectionProblems(
  { place, name }: DagStep,
  {
    kind,
    select: criteria,
    exclude,
  }: { kind: StepKind; select: readonly string[]; exclude: readonly string[] },
  manifest: Manifest,
  graph: NodeGraph,
): Problem[] {
  const types = kind in typesOfStep ? typesOfStep[kind as NodesStep['kind']] : null
  try {
    const { nodeIds, warnings } = select(manifest, {
      select: criteria,
      exclude,
      graph,
      ...(types && { resourceTypes: types }),
    })
    if (warnings.length > 0) return warnings.map((warning) => ({ ...warning, place: warning.place ?? place }))
    if (nodeIds.length > 0) return []
    const message = `step '${name}' has nothing to do: what it selects holds nothing for '${kind}'`
    return [makeProblem('selection-empty', message, { place, severity: 'warning' })]
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return error.problems.map((problem) => ({ ...problem, place }))
  }
}

/** `grant_all`, or `package.grant_all`. */
function macroProblems(macro: string, { place }: DagStep, { macros }: Manifest): Problem[] {
  const known = Object.keys(macros).map((id) => id.split('.').slice(1))
  if (known.some(([owner, name]) => macro === name || macro === `${owner}.${name}`)) return []
  const hint = didYouMean(
    macro,
    known.map(([, name]) => name!),
  )
  return [makeProblem('macro-unknown', `there is no macro '${macro}'`, { place, ...(hint && { hint }) })]
}

/** What the triggers of a DAG name that is no source, or none that a running scheduler can follow. */
export function triggerProblems({ triggers, place }: Dag, { nodes }: Manifest): Problem[] {
  const sources = Object.values(nodes).flatMap((node) =>
    node.resourceType === 'source' ? [{ parts: node.id.split('.').slice(2), relation: node.relation }] : [],
  )
  const known = new Set(sources.flatMap(({ parts }) => [parts[0]!, parts.join('.')]))
  // A running scheduler compiles nothing, so it looks for loads under the names of schema and table.
  const followed = new Set(
    sources.flatMap(({ relation: { schema, identifier } }) => [schema, `${schema}.${identifier}`]),
  )
  return triggers.newData.flatMap((name) => {
    if (known.has(name) && followed.has(name)) return []
    if (known.has(name))
      return [
        makeProblem('source-unknown', `the trigger cannot follow source '${name}'`, {
          place,
          hint: 'its schema or table has another name; new data is looked for under the names of the source',
        }),
      ]
    const hint = didYouMean(name, known)
    return [
      makeProblem('source-unknown', `the trigger names a source '${name}' that there is not`, {
        place,
        ...(hint && { hint }),
      }),
    ]
  })
}
