import type { NodeId, ResourceType } from '../core/node.ts'
import type { RunResult } from '../core/run-result.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { deferRelations } from './defer-relations.ts'
import { makeTextRunDisplay, type RunDisplay } from './display/run-display.ts'
import { summaryLines } from './display/run-summary.ts'
import { exitCodeOfRun } from './exit-code-of-run.ts'
import type { RunFlags } from './flags.ts'
import { parseSample } from './parse-sample.ts'
import { runArguments } from './run-arguments.ts'
import { saveArtifacts } from './save-artifacts.ts'
import { type NodeSelection, reportSelection, selectNodes } from './select-nodes.ts'
import { showSeeds } from './show-seeds.ts'
import { startedBy } from './started-by.ts'
import { withStoredEvents } from './store-events.ts'
import { templateFlags } from './template-flags.ts'
import { openWorkspace, type Workspace, withOpenWarehouse } from './workspace.ts'

/*
 * What start, build, run, test, seed and load have in common: compile, select, connect, run, sum up.
 */

export interface FinishedRun {
  readonly context: CommandContext
  readonly workspace: Workspace
  readonly warehouse: Warehouse
  readonly result: RunResult
}

/** What a command says after the summary: lines for people, and the same as data. */
export interface Explanation {
  readonly lines: readonly string[]
  readonly json: Readonly<Record<string, unknown>>
}

export interface ExecuteRequest {
  /** The kinds of nodes that the command works on; null for all that can be run. */
  readonly resourceTypes: readonly ResourceType[] | null
  /** Values that go over --vars. */
  readonly vars?: Readonly<Record<string, unknown>>
  /** The failed run that is gone on with. */
  readonly retryOf?: string
  /** Chooses the nodes, where it is not the flags that do. */
  readonly choose?: (workspace: Workspace) => readonly NodeId[]
  readonly explain?: (run: FinishedRun) => Promise<Explanation>
}

/** Runs the selected nodes and shows the run. */
export async function executeNodes(
  context: CommandContext,
  flags: RunFlags,
  request: ExecuteRequest,
): Promise<ExitCode> {
  const types = request.resourceTypes ?? runnableTypes
  // Looking at SQL takes time and memory that loading rows has no use for.
  const checksSql = types.some((type) => type !== 'load' && type !== 'seed')
  const workspace = await openWorkspace(context, request.vars, { checksSql })
  const { manifest, target } = workspace
  const selection = request.choose
    ? chosenNodes(request.choose(workspace), types)
    : await selectNodes(context, workspace, flags, types)
  reportSelection(selection, context)
  const isJson = flags.output === 'json'
  if (selection.nodeIds.length === 0) {
    context.narrator.note(
      selection.select.length > 0 || request.choose
        ? 'Nothing to do: nothing that this command works on is selected.'
        : 'Nothing to do: the project has no such nodes.',
    )
    await saveArtifacts(context, workspace, emptyRun(context, flags))
    if (isJson) printJson(context, { command: context.command, selection, results: [] })
    return 0
  }
  const threads = flags.threads ?? target.threads
  return withOpenWarehouse(context, workspace, threads, async (warehouse, connection) => {
    const { runNodes } = await import('../run/run.ts')
    const deferred = await deferRelations(context, workspace, flags, selection.nodeIds, warehouse)
    const publish = flags.publish ?? workspace.project.config.publish
    const sample = flags.sample === undefined ? null : parseSample(flags.sample, context.clock())
    const executedCode = new Map<NodeId, string>()
    const emit = await makeDisplay(context, workspace, threads)
    const renderer = await workspace.openRenderer()
    const result = await withStoredEvents(context, warehouse, () =>
      runNodes(
        {
          command: context.command,
          runId: context.events.invocationId,
          nodeIds: selection.nodeIds,
          manifest,
          renderer,
          warehouse,
          connection,
          projectRoot: workspace.root,
          publish,
          reuse: reuseOf(flags, workspace),
          keepPublications: workspace.project.config.keepPublications,
          fullRefresh: flags.fullRefresh ?? false,
          failFast: flags.failFast ?? false,
          waitMs: flags.wait ? flags.waitTimeout * 1000 : 0,
          ...(flags.publishTimeout !== undefined && { publishWaitMs: flags.publishTimeout * 1000 }),
          startedBy: startedBy(),
          threads,
          pools: workspace.project.config.pools,
          deferred,
          empty: flags.empty ?? false,
          eventTime: eventTimeOf(flags),
          ...(sample && { sample }),
          storeFailures: flags.storeFailures ?? false,
          warnError: context.flags.warnError ?? false,
          templateFlags: templateFlags(context, flags),
          ...goingOn(context, request),
        },
        {
          emit,
          clock: context.clock,
          signal: context.signal,
          ...(context.flags.writeJson !== false && {
            onExecuted: (nodeId, text) => void executedCode.set(nodeId, text),
          }),
        },
      ),
    )
    const { publishedCode } = await import('./published-code.ts')
    const compiledCode = publishedCode(manifest, result)
    const args = { ...runArguments(context.flags, flags), publish, published: result.published }
    const made = { run: result, compiledCode, executedCode, args }
    await saveArtifacts(context, workspace, { invocationId: result.runId, ...made })
    if (flags.show) await showSeeds(context, manifest, result, warehouse)
    const explanation =
      request.explain && result.status === 'success'
        ? await request.explain({ context, workspace, warehouse, result })
        : null
    if (isJson) printJson(context, { ...result, selection, ...explanation?.json })
    const { narrator, flags: globals } = context
    for (const problem of result.problems) narrator.problem(problem)
    if (globals.logFormat === 'text' && !globals.quiet) {
      const { colors } = narrator.screen.output
      const lines = summaryLines(result, manifest.nodes, publish, colors)
      for (const line of [...lines, ...(explanation?.lines ?? [])]) narrator.screen.print(line)
    }
    return exitCodeOfRun(result)
  })
}

/** Which run is gone on with, and whether others may go on with this one while it is at work. */
function goingOn({ goingOn: said }: CommandContext, request: ExecuteRequest) {
  const retryOf = request.retryOf ?? said?.retryOf
  return { ...(retryOf && { retryOf }), ...(said?.keepsAsBuilt && { keepsAsBuilt: true }) }
}

/** A run of nothing, whose artifacts take the place of those of the run before. */
function emptyRun(context: CommandContext, flags: RunFlags): Parameters<typeof saveArtifacts>[2] {
  const runId = context.events.invocationId
  const run: RunResult = {
    runId,
    command: context.command,
    status: 'success',
    startedAt: context.clock().toISOString(),
    elapsedMs: 0,
    published: false,
    publishMs: null,
    results: [],
    problems: [],
  }
  return { invocationId: runId, run, args: runArguments(context.flags, flags) }
}

/** Nodes that nobody selected by an expression. */
function chosenNodes(nodeIds: readonly NodeId[], resourceTypes: readonly ResourceType[]): NodeSelection {
  return { select: [], exclude: [], resourceTypes, nodeIds, warnings: [] }
}

/** What may stay as it is. */
export function reuseOf({ reuse }: Pick<RunFlags, 'reuse'>, { project }: Workspace): 'all' | 'none' {
  return (reuse ?? project.config.reuse) ? 'all' : 'none'
}

/** The times that models are to build that are built by time. */
export function eventTimeOf({
  eventTimeStart: start,
  eventTimeEnd: end,
}: Pick<RunFlags, 'eventTimeStart' | 'eventTimeEnd'>): { readonly start?: Date; readonly end?: Date } {
  return { ...(start && { start }), ...(end && { end }) }
}

/** The kinds of nodes that a build works on. */
export const runnableTypes: readonly ResourceType[] = [
  'load',
  'seed',
  'model',
  'snapshot',
  'test',
  'unit_test',
  'job',
  'function',
  'exposure',
  'saved_query',
]

/** Tells the run's events on the stream of the command and, for people, shows them. */
async function makeDisplay(
  context: CommandContext,
  { manifest, target }: Workspace,
  threads: number,
): Promise<RunDisplay> {
  const { narrator, flags, clock, events, signal } = context
  const { makeRunTeller } = await import('../run/events/tell-run.ts')
  const tell = makeRunTeller(events, manifest, target, threads)
  if (flags.logFormat === 'json') return tell
  const display = makeTextRunDisplay(narrator, {
    nodes: manifest.nodes,
    clock,
    quiet: flags.quiet ?? false,
    debug: flags.debug ?? false,
    signal,
  })
  return (event) => {
    tell(event)
    display(event)
  }
}

function printJson(context: CommandContext, document: Readonly<Record<string, unknown>>): void {
  context.terminal.out.write(`${JSON.stringify(document, null, 2)}\n`)
}
