import { didYouMean } from '../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { ExperimentNode } from '../run/experiment-standing.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { experimentList, experimentPage } from './display/experiment-lines.ts'
import { inSnakeCase, printJson, printLines } from './print-standing.ts'
import { openWorkspace, withOpenWarehouse } from './workspace.ts'

export interface ExperimentListFlags {
  readonly output: 'text' | 'json'
}

export interface ExperimentShowFlags extends ExperimentListFlags {
  /** Every method. */
  readonly all?: boolean
  readonly segments?: boolean
}

/** Lists the project's experiments with how they stand. */
export async function listExperiments(
  context: CommandContext,
  { output }: ExperimentListFlags,
): Promise<ExitCode> {
  const { out } = context.terminal
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const { experimentsIn, experimentStandings } = await import('../run/experiment-standing.ts')
  const nodes = experimentsIn(workspace.manifest)
  const standings =
    nodes.length === 0
      ? []
      : await withOpenWarehouse(context, workspace, 1, (warehouse) =>
          experimentStandings(warehouse, nodes, { segments: false }),
        )
  if (output === 'json') {
    printJson(context, { experiments: standings.map(inSnakeCase) })
    return 0
  }
  const pairs = standings.map((standing, index) => [standing, nodes[index]!.spec] as const)
  printLines(context, experimentList(pairs, out.colors))
  return 0
}

/** Shows the design, health, results and decision of one experiment. */
export async function showExperiment(
  context: CommandContext,
  { output, all = false, segments = false }: ExperimentShowFlags,
  name: string,
): Promise<ExitCode> {
  const { out } = context.terminal
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const { experimentsIn, experimentStandings } = await import('../run/experiment-standing.ts')
  const node = experimentNamed(experimentsIn(workspace.manifest), name)
  const [standing] = await withOpenWarehouse(context, workspace, 1, (warehouse) =>
    experimentStandings(warehouse, [node], { segments }),
  )
  if (output === 'json') printJson(context, inSnakeCase(standing!))
  else printLines(context, experimentPage({ standing: standing!, spec: node.spec, all }, out.colors))
  return 0
}

/** The experiment that somebody named, by its name or its id. */
export function experimentNamed(nodes: readonly ExperimentNode[], name: string): ExperimentNode {
  const node = nodes.find((each) => each.name === name || each.id === name)
  if (node) return node
  const names = nodes.map((each) => each.name)
  throw new ProblemError(
    makeProblem('selection-empty', `there is no experiment '${name}'`, {
      hint: didYouMean(name, names) ?? 'estimand experiment list names them',
    }),
  )
}
