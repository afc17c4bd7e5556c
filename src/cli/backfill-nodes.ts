import type { NodeId } from '../core/node.ts'
import { exitCodeOf } from '../core/problem.ts'
import type { NodeResult, RunResult } from '../core/run-result.ts'
import type { BackfillResult } from '../run/backfill/backfill.ts'
import type { BackfillPlan } from '../run/backfill/plan-backfill.ts'
import { backfillPlanLines, backfillSummaryLines, makeTextBackfillDisplay } from './backfill-display.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { deferRelations } from './defer-relations.ts'
import type { RunFlags } from './flags.ts'
import { runArguments } from './run-arguments.ts'
import { saveArtifacts } from './save-artifacts.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { startedBy } from './started-by.ts'
import { withStoredEvents } from './store-events.ts'
import { templateFlags } from './template-flags.ts'
import { openWorkspace, type Workspace, withOpenWarehouse } from './workspace.ts'

export interface BackfillFlags extends RunFlags {
  readonly from?: Date
  readonly to?: Date
  readonly force?: boolean
  /** How many batches are published at once. */
  readonly publishEvery?: number
  readonly dryRun?: boolean
}

/** Builds stretches of the past of the selected models that are built by time. */
export async function backfillNodes(context: CommandContext, flags: BackfillFlags): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const { manifest, target } = workspace
  const selection = await selectNodes(context, workspace, flags, ['model'])
  reportSelection(selection, context)
  const isJson = flags.output === 'json'
  if (selection.nodeIds.length === 0) {
    context.narrator.note('Nothing to do: no model is selected.')
    if (isJson) printJson(context, { command: context.command, selection, models: [] })
    return 0
  }
  const threads = flags.threads ?? target.threads
  return withOpenWarehouse(context, workspace, threads, async (warehouse, connection) => {
    const { backfill, lookForBackfill } = await import('../run/backfill/backfill.ts')
    const request = {
      command: context.command,
      nodeIds: selection.nodeIds,
      manifest,
      renderer: await workspace.openRenderer(),
      warehouse,
      connection,
      projectRoot: workspace.root,
      publish: flags.publish ?? workspace.project.config.publish,
      failFast: flags.failFast ?? false,
      waitMs: flags.wait ? flags.waitTimeout * 1000 : 0,
      ...(flags.publishTimeout !== undefined && { publishWaitMs: flags.publishTimeout * 1000 }),
      startedBy: startedBy(),
      pools: workspace.project.config.pools,
      keepPublications: workspace.project.config.keepPublications,
      threads,
      deferred: await deferRelations(context, workspace, flags, selection.nodeIds, warehouse),
      templateFlags: templateFlags(context, flags),
    }
    const { from, to, force = false, publishEvery } = flags
    const options = {
      force,
      now: context.clock(),
      ...(from && { from }),
      ...(to && { to }),
      ...(publishEvery && { publishEvery }),
    }
    const plan = await lookForBackfill({ ...request, runId: context.newId() }, options)
    if (flags.dryRun) return showPlan(context, workspace, plan, isJson)
    const { narrator, clock, signal, newId } = context
    const display = { nodes: manifest.nodes, clock, quiet: context.flags.quiet ?? false }
    const show = context.flags.logFormat === 'json' ? null : makeTextBackfillDisplay(narrator, display)
    const [{ makeRunTeller }, { tellBackfill }] = await Promise.all([
      import('../run/events/tell-run.ts'),
      import('../run/events/tell-backfill.ts'),
    ])
    const tellRun = makeRunTeller(context.events, manifest, target, threads)
    const result = await withStoredEvents(context, warehouse, () =>
      backfill(request, plan, {
        emit(event) {
          if (event.type === 'chunk_event') tellRun(event.event)
          else tellBackfill(event, context.events)
          show?.(event)
        },
        clock,
        signal,
        newId,
      }),
    )
    narrator.screen.setLive(null)
    await saveResult(context, workspace, flags, result)
    tellResult(context, workspace, plan, result, isJson)
    return exitCodeOfBackfill(result)
  })
}

function showPlan(
  context: CommandContext,
  { manifest: { nodes } }: Workspace,
  plan: BackfillPlan,
  isJson: boolean,
): ExitCode {
  const { out } = context.terminal
  if (isJson) printJson(context, plan)
  else out.write(`${backfillPlanLines(plan, nodes, out.colors).join('\n')}\n`)
  return 0
}

function tellResult(
  context: CommandContext,
  { manifest: { nodes } }: Workspace,
  plan: BackfillPlan,
  result: BackfillResult,
  isJson: boolean,
): void {
  const { narrator, flags } = context
  for (const problem of result.problems) narrator.problem(problem)
  if (isJson) printJson(context, { command: context.command, plan, ...result })
  if (flags.logFormat !== 'text' || flags.quiet) return
  for (const line of backfillSummaryLines(result, nodes, narrator.screen.output.colors))
    narrator.screen.print(line)
}

function printJson(context: CommandContext, document: object): void {
  context.terminal.out.write(`${JSON.stringify(document, null, 2)}\n`)
}

/** As that of a run: 1 when a batch failed or the backfill was cancelled. */
function exitCodeOfBackfill({ status, models, problems }: BackfillResult): ExitCode {
  if (status === 'success') return 0
  const batchFailed = models.some(({ runs }) =>
    runs.some(({ results }) => results.some(({ problem }) => problem)),
  )
  const [problem] = problems
  return !batchFailed && problem ? exitCodeOf(problem) : 1
}

/** Tools find in run_results.json what became of each model, all its chunks together. */
async function saveResult(
  context: CommandContext,
  workspace: Workspace,
  flags: BackfillFlags,
  result: BackfillResult,
): Promise<void> {
  const runs = result.models.flatMap((model) => model.runs)
  const last = runs.at(-1)
  if (!last) return
  const results = result.models.flatMap(({ nodeId, runs: ofModel }) => nodeResult(nodeId, ofModel))
  const run: RunResult = {
    ...last,
    status: result.status,
    startedAt: result.startedAt,
    elapsedMs: result.elapsedMs,
    published: havePublished(runs),
    results,
    problems: result.problems,
  }
  const args = { ...runArguments(context.flags, flags), published: run.published }
  const { publishedCode } = await import('./published-code.ts')
  const compiledCode = new Map(runs.flatMap((one) => [...publishedCode(workspace.manifest, one)]))
  await saveArtifacts(context, workspace, { invocationId: last.runId, run, compiledCode, args })
}

/** Whether any of the runs has published; null where one may have. */
function havePublished(runs: readonly RunResult[]): boolean | null {
  if (runs.some(({ published }) => published)) return true
  return runs.some(({ published }) => published === null) ? null : false
}

/** The results of a model's chunks as one. */
function nodeResult(nodeId: NodeId, runs: readonly RunResult[]): NodeResult[] {
  const parts = runs.flatMap(({ results }) => results.filter((result) => result.nodeId === nodeId))
  const [first] = parts
  const broken = parts.find(({ status }) => status !== 'success')
  if (!first) return []
  const batches = parts.flatMap((part) => part.batches ?? [])
  const rows = parts.reduce((sum, part) => sum + (part.rows ?? 0), 0)
  return [
    {
      ...(broken ?? first),
      startedAt: first.startedAt,
      finishedAt: parts.at(-1)!.finishedAt,
      durationMs: parts.reduce((sum, { durationMs }) => sum + durationMs, 0),
      rows: broken ? null : rows,
      batches,
      ...(!broken && {
        message: `${rows} rows in ${batches.length} ${batches.length === 1 ? 'batch' : 'batches'}`,
      }),
    },
  ]
}
