import { didYouMean } from '../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { DriftNode } from '../run/drift-standing.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { driftList, driftPage } from './display/drift-lines.ts'
import { inSnakeCase, printJson, printLines } from './print-standing.ts'
import { openWorkspace, withOpenWarehouse } from './workspace.ts'
import { type MemoFlags, writeMemoOf } from './write-memo.ts'

export interface DriftFlags {
  readonly output: 'text' | 'json'
  /** Also what did not drift. */
  readonly all?: boolean
}

/** Lists the project's drift jobs with what they found. */
export async function listDrift(context: CommandContext, { output }: DriftFlags): Promise<ExitCode> {
  const { standings } = await read(context)
  if (output === 'json')
    printJson(context, {
      drift: standings.map(({ distributions: _, ...standing }) => inSnakeCase(standing)),
    })
  else printLines(context, driftList(standings, context.terminal.out.colors))
  return 0
}

/** Shows one job: what drifted, since when, and what the distributions are. */
export async function showDrift(
  context: CommandContext,
  { output, all = false }: DriftFlags,
  name: string,
): Promise<ExitCode> {
  const { standings } = await read(context, name)
  const [standing] = standings
  if (output === 'json') printJson(context, inSnakeCase(standing!))
  else printLines(context, driftPage(standing!, all, context.terminal.out.colors))
  return 0
}

/** Prints the memo of one job, or writes it into a file. */
export async function writeDriftMemo(
  context: CommandContext,
  flags: MemoFlags,
  name: string,
): Promise<ExitCode> {
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const { driftJobsIn } = await import('../run/drift-standing.ts')
  const node = driftNamed(driftJobsIn(workspace.manifest), name)
  return writeMemoOf(context, workspace, node, flags, async (memo) => memo)
}

async function read(context: CommandContext, name?: string) {
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const { driftJobsIn, driftStandings } = await import('../run/drift-standing.ts')
  const all = driftJobsIn(workspace.manifest)
  const nodes = name === undefined ? all : [driftNamed(all, name)]
  const standings =
    nodes.length === 0
      ? []
      : await withOpenWarehouse(context, workspace, 1, (warehouse) => driftStandings(warehouse, nodes))
  return { standings }
}

/** The job that somebody named, by its name or its id. */
function driftNamed(nodes: readonly DriftNode[], name: string): DriftNode {
  const node = nodes.find((each) => each.name === name || each.id === name)
  if (node) return node
  throw new ProblemError(
    makeProblem('selection-empty', `there is no drift job '${name}'`, {
      hint:
        didYouMean(
          name,
          nodes.map((each) => each.name),
        ) ?? 'estimand drift list names them',
    }),
  )
}
