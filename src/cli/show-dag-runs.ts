import type { DagRunCause, DagRunStatus } from '../core/dag-run.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { DagNodeTiming, DagRun, DagStepTry, DagStore, HeldBackRun } from '../store/dags/index.ts'
import { carryOutRuns } from './carry-out-runs.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { workerLines } from './display/dag-events.ts'
import { formatDuration } from './display/numbers.ts'
import { tableLines } from './display/table.ts'
import { withDagStore } from './open-dag-store.ts'
import { openTarget } from './open-target.ts'
import { tellEnd, tellQueued } from './start-dag-run.ts'

export interface RunsListFlags {
  readonly dag?: string
  readonly status?: readonly DagRunStatus[]
  readonly cause?: readonly DagRunCause[]
  readonly limit: number
  readonly output: 'text' | 'json'
}

export interface RunFlags {
  readonly output: 'text' | 'json'
}

export interface RunLogsFlags {
  readonly step?: string
  /** Every try, not only the last of each step. */
  readonly all?: boolean
}

export interface RunRetryFlags extends RunFlags {
  readonly queue?: boolean
  readonly slots: number
}

/** Lists runs of DAGs, the newest first. */
export async function listRuns(context: CommandContext, flags: RunsListFlags): Promise<ExitCode> {
  const { dag, status, cause, limit, output } = flags
  const opened = await openTarget(context)
  const { found, heldBack } = await withDagStore(context, opened, async ({ store }) => ({
    found: await store.readRuns({
      limit,
      ...(dag !== undefined && { dag }),
      ...(status && { statuses: status }),
      ...(cause && { causes: cause }),
    }),
    heldBack: await store.readHeldBack(),
  }))
  const runs = found.map((run) => ({ ...run, heldBack: heldBackOf(run, heldBack) }))
  const { out } = context.terminal
  if (output === 'json') out.write(`${JSON.stringify({ runs }, null, 2)}\n`)
  else if (runs.length === 0) context.narrator.note('No runs')
  else out.write(`${listLines(runs, context.clock()).join('\n')}\n`)
  return 0
}

type ShownRun = DagRun & { readonly heldBack: HeldBackRun | null }

function heldBackOf({ dagRunId }: DagRun, all: readonly HeldBackRun[]): HeldBackRun | null {
  return all.find((one) => one.dagRunId === dagRunId) ?? null
}

/** What a queued run waits for. */
function waitingWords({ obstacles, until }: HeldBackRun): string {
  const words = obstacles.map((one) =>
    one.kind === 'past'
      ? `the run before it, ${one.dagRunId.slice(0, 8)}, which is ${one.status}`
      : `${one.dag}${one.intervalEnd === null ? '' : ` of ${shortTime(one.intervalEnd)}`}, ${
          one.status === null ? 'which has no run yet' : `which is ${one.status}`
        }`,
  )
  return `waits for ${words.join('; ')}${until === null ? '; as long as it takes' : `; until ${shortTime(until)}`}`
}

function listLines(runs: readonly ShownRun[], now: Date): string[] {
  const rows = runs.map((run) => [
    run.dagRunId.slice(0, 8),
    run.dag,
    run.status,
    run.cause.replace('_', ' '),
    `${shortTime(run.intervalStart)} .. ${shortTime(run.intervalEnd)}`,
    run.startedAt ? shortTime(run.startedAt) : '',
    took(run.startedAt, run.finishedAt, now),
    run.heldBack ? waitingWords(run.heldBack) : run.steps.map(({ status }) => marks[status]).join(''),
  ])
  const head = ['run', 'dag', 'status', 'cause', 'data interval (UTC)', 'started', 'took', 'steps']
  return tableLines({
    head,
    rows,
    align: ['left', 'left', 'left', 'left', 'left', 'left', 'right', 'left'],
  })
}

const marks = {
  ...{ success: '+', failed: 'x', running: '>', queued: '.', waiting: '.', skipped: '-', cancelled: '/' },
} as const

function shortTime(time: string): string {
  return time.slice(0, 16).replace('T', ' ')
}

function took(from: string | null, to: string | null, now: Date): string {
  return from === null
    ? ''
    : formatDuration((to === null ? now.getTime() : Date.parse(to)) - Date.parse(from))
}

/** Shows one run: what it is for, its steps with every try, and how long nodes took. */
export async function showRun(context: CommandContext, flags: RunFlags, id: string): Promise<ExitCode> {
  const opened = await openTarget(context)
  return withDagStore<ExitCode>(context, opened, async ({ store }) => {
    const run = await findRun(store, id)
    const tries = await store.readTries(run.dagRunId)
    const nodes = await store.readTimings(run.dagRunId)
    const shown = { ...run, heldBack: heldBackOf(run, await store.readHeldBack()) }
    const { out } = context.terminal
    if (flags.output === 'json') {
      const plain = tries.map(({ log: _, ...one }) => one)
      out.write(`${JSON.stringify({ ...shown, tries: plain, nodes }, null, 2)}\n`)
    } else out.write(`${runLines(shown, tries, nodes, context.clock()).join('\n')}\n`)
    return 0
  })
}

function runLines(
  run: ShownRun,
  tries: readonly DagStepTry[],
  nodes: readonly DagNodeTiming[],
  now: Date,
): string[] {
  const said: [string, string | null][] = [
    ['run', run.dagRunId],
    ['dag', run.dag],
    ['status', run.stopReason === null ? run.status : `${run.status} (${run.stopReason})`],
    ['cause', causeWords(run)],
    ['data interval', `${run.intervalStart} to ${run.intervalEnd}`],
    ['queued', run.queuedAt],
    ['held back', run.heldBack && waitingWords(run.heldBack)],
    ['started', run.startedAt],
    ['finished', run.finishedAt],
    ['retries', run.retryCount > 0 ? `${run.retryCount} asked for` : null],
  ]
  const head = said.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(15)}${value}`]))
  const steps = run.steps.flatMap((step) => {
    const own = tries.filter((one) => one.step === step.step)
    const rows = own.map((one) => [
      `  try ${one.try}`,
      one.status,
      one.cause.replace('_', ' '),
      one.host,
      took(one.startedAt, one.finishedAt, now),
      one.message,
    ])
    const first = [step.step, step.status, step.kind, '', '', own.length === 0 ? step.message : '']
    const timings = nodes
      .filter(({ runId }) => runId === step.runId)
      .map((node) => [`    ${node.nodeId}`, node.status, '', '', formatDuration(node.durationMs), ''])
    return [first, ...rows, ...timings]
  })
  const align = ['left', 'left', 'left', 'left', 'right', 'left'] as const
  return [
    ...head,
    '',
    ...tableLines({ head: ['step', 'status', '', 'host', 'took', ''], rows: steps, align }),
  ]
}

function causeWords({ cause, instant, askedBy, causedBy }: DagRun): string {
  const by = askedBy === null ? '' : ` by ${askedBy}`
  const of = causedBy === null ? '' : ` ${causedBy}`
  return `${cause.replace('_', ' ')}${instant === null ? '' : ` at ${instant}`}${by}${of}`
}

/** Prints what the steps of a run have said. */
export async function showLogs(context: CommandContext, flags: RunLogsFlags, id: string): Promise<ExitCode> {
  const opened = await openTarget(context)
  return withDagStore<ExitCode>(context, opened, async ({ store }) => {
    const run = await findRun(store, id)
    const tries = await store.readTries(run.dagRunId)
    if (flags.step !== undefined && !run.steps.some(({ step }) => step === flags.step))
      throw usage(
        `the run has no step '${flags.step}'`,
        `it has ${run.steps.map(({ step }) => step).join(', ')}`,
      )
    const { out } = context.terminal
    for (const one of tries) {
      if (flags.step !== undefined && one.step !== flags.step) continue
      if (!flags.all && tries.some((other) => other.step === one.step && other.try > one.try)) continue
      out.write(`${out.colors.dim(`── ${one.step}, try ${one.try}, ${one.status}`)}\n${one.log}`)
      if (!one.log.endsWith('\n')) out.write('\n')
    }
    return 0
  })
}

/** Ends a run. */
export async function cancelRun(context: CommandContext, id: string): Promise<ExitCode> {
  const opened = await openTarget(context)
  return withDagStore<ExitCode>(context, opened, async ({ store }) => {
    const run = await findRun(store, id)
    const stopped = await store.stop(run.dagRunId, 'cancelled', context.clock())
    context.narrator.note(
      stopped
        ? `${run.dag}: what waits is cancelled, what is at work is being ended`
        : `${run.dag}: the run is over or is being ended already: ${run.status}`,
    )
    return stopped ? 0 : 1
  })
}

/** Runs the steps of a run again that did not succeed, going on from what they had built. */
export async function retryRunOfDag(
  context: CommandContext,
  flags: RunRetryFlags,
  id: string,
): Promise<ExitCode> {
  const opened = await openTarget(context)
  return withDagStore<ExitCode>(context, opened, async (open) => {
    const { store } = open
    const run = await findRun(store, id)
    const steps = await store.retry(run.dagRunId, context.clock())
    if (steps === null)
      throw usage(
        `the run of ${run.dag} is ${run.status}`,
        'only what failed or was cancelled can be retried',
      )
    context.narrator.note(`${run.dag}: again ${steps.join(', ')}`)
    if (flags.queue) {
      tellQueued(context, run.dagRunId, flags.output)
      return 0
    }
    const [ended] = await carryOutRuns(context, opened, open, [run.dagRunId], {
      slots: flags.slots,
      emit: (event) => {
        for (const line of workerLines(event)) context.narrator.note(line)
      },
    })
    return tellEnd(context, ended!, flags.output)
  })
}

async function findRun(store: DagStore, id: string): Promise<DagRun> {
  const found = await store.findRuns(id)
  if (found.length === 1) return found[0]!
  const message =
    found.length === 0
      ? `no run of a DAG begins with '${id}'`
      : `more than one run of a DAG begins with '${id}'`
  throw new ProblemError(makeProblem('dag-run-unknown', message, { hint: 'see estimand runs list' }))
}

function usage(message: string, hint: string): ProblemError {
  return new ProblemError(makeProblem('usage', message, { hint }))
}
