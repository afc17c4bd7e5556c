import { didYouMean } from '../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { ExperimentNode, ExperimentStanding } from '../run/experiment-standing.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { experimentList, experimentPage } from './display/experiment-lines.ts'
import { inPlainCharacters } from './display/interval-bar.ts'
import { hasUnicode } from './has-unicode.ts'
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
    out.write(`${JSON.stringify({ experiments: standings.map(inSnakeCase) }, null, 2)}\n`)
    return 0
  }
  const pairs = standings.map((standing, index) => [standing, nodes[index]!.spec] as const)
  print(context, experimentList(pairs, out.colors))
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
  if (output === 'json') out.write(`${JSON.stringify(inSnakeCase(standing!), null, 2)}\n`)
  else print(context, experimentPage({ standing: standing!, spec: node.spec, all }, out.colors))
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

function print(context: CommandContext, lines: readonly string[]): void {
  const shown = hasUnicode(context) ? lines : lines.map(inPlainCharacters)
  for (const line of shown) context.terminal.out.write(`${line}\n`)
}

/** As the tables name it: fields, which hold no names of the user's, in snake case. */
function inSnakeCase(value: ExperimentStanding): unknown {
  const convert = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(convert)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(
      Object.entries(part).map(([key, inner]) => [
        key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        convert(inner),
      ]),
    )
  }
  return convert(value)
}
