import { makeProblem, ProblemError } from '../core/problem.ts'
import { awaitedRuns } from '../schedule/new-dag-run.ts'
import { type DagBackfillPlan, planDagBackfill } from '../schedule/plan-dag-backfill.ts'
import { makeTimetable } from '../schedule/timetable.ts'
import type { DagRun, NewDagRun } from '../store/dags/index.ts'
import { carryOutRuns } from './carry-out-runs.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { bar } from './display/live-lines.ts'
import { formatCounted, formatElapsed } from './display/numbers.ts'
import { whoAsks, withDagStore } from './open-dag-store.ts'
import { findDag, openDags } from './open-dags.ts'
import { openTarget } from './open-target.ts'
import { parseVars } from './parse-vars.ts'

export interface DagBackfillFlags {
  readonly from: Date
  readonly to: Date
  /** Intervals that make one run. */
  readonly batch: number
  /** Runs at the same time. */
  readonly parallel: number
  readonly force?: boolean
  readonly dryRun?: boolean
  readonly queue?: boolean
  readonly output: 'text' | 'json'
}

/** Runs a DAG for the intervals of a range that it has not succeeded for yet. */
export async function backfillDag(
  context: CommandContext,
  flags: DagBackfillFlags,
  name: string,
): Promise<ExitCode> {
  const reading = await openDags(context)
  const dag = findDag(reading, name)
  const opened = await openTarget(context)
  const [from, to] = [flags.from.toISOString(), flags.to.toISOString()]
  if (from >= to) throw usage(`--from ${from} is not before --to ${to}`, 'the end is not part of it')
  // Without a schedule an interval is a day.
  const timetable = makeTimetable(dag.schedule ?? { cron: '0 0 * * *', timezone: 'UTC' })
  return withDagStore<ExitCode>(context, opened, async (open) => {
    const { store } = open
    const known = await store.readRunsWithin(name, from, to)
    const { batch, force = false, parallel } = flags
    const plan = planDagBackfill(dag, timetable, known, { from, to, batch, force })
    if (flags.dryRun || plan.due.length + plan.atWork.length === 0) {
      tellPlan(context, plan, flags.output)
      return 0
    }
    const id = context.newId()
    const vars = parseVars(context.flags.vars)
    const timetableOf = (of: string) => {
      const schedule = reading.dags.find((one) => one.name === of)?.schedule
      return schedule ? makeTimetable(schedule) : null
    }
    const runs = plan.due.map(
      ({ start, end }): NewDagRun => ({
        ...{ dagRunId: context.newId(), dag, cause: 'backfill', occasion: `backfill ${id} ${end}`, vars },
        ...{ askedBy: whoAsks(context), intervalStart: start, intervalEnd: end, backfill: { id, parallel } },
        waitsFor: awaitedRuns(dag, end, timetableOf),
      }),
    )
    await store.make(runs, context.clock())
    context.narrator.note(planWords(plan))
    if (flags.queue) return 0
    const ids = [...plan.atWork, ...runs].map(({ dagRunId }) => dagRunId)
    const show = makeProgress(context, ids.length)
    const ended = await carryOutRuns(context, opened, open, ids, {
      slots: parallel,
      onLook: show,
      emit: () => {},
    })
    context.narrator.screen.setLive(null)
    return tellEnd(context, ended, flags.output)
  })
}

/** A bar with what is done; elsewhere than on a terminal a line for each run that ends. */
function makeProgress(context: CommandContext, total: number): (runs: readonly DagRun[]) => void {
  const { narrator, clock } = context
  const { screen } = narrator
  const { colors, width } = screen.output
  const startedAt = clock().getTime()
  const told = new Set<string>()
  let standing: readonly DagRun[] = []
  const isOver = ({ status }: DagRun): boolean => status !== 'queued' && status !== 'running'
  screen.setLive(() => {
    const over = standing.filter(isOver)
    const failed = over.filter(({ status }) => status !== 'success').length
    const elapsedMs = clock().getTime() - startedAt
    const left =
      over.length > 0
        ? `  about ${formatElapsed((elapsedMs / over.length) * (total - over.length))} left`
        : ''
    const broken = failed > 0 ? colors.red(`  ${failed} failed`) : ''
    const words = `${over.length} of ${formatCounted(total, 'run')}`
    return [`${bar(over.length / total, { colors, width: width() - 40 })}  ${words}${left}${broken}`]
  })
  return (runs) => {
    standing = runs
    for (const run of runs.filter(isOver)) {
      if (told.has(run.dagRunId)) continue
      told.add(run.dagRunId)
      narrator.note(`${run.intervalStart} to ${run.intervalEnd}: ${run.status}`)
    }
  }
}

function planWords({ due, atWork, done }: DagBackfillPlan): string {
  const rest = [
    ...(atWork.length > 0 ? [`${atWork.length} at work already`] : []),
    ...(done.length > 0 ? [`${formatCounted(done.length, 'interval')} done already`] : []),
  ]
  return [formatCounted(due.length, 'run'), ...rest].join(', ')
}

function tellPlan({ terminal }: CommandContext, plan: DagBackfillPlan, output: 'text' | 'json'): void {
  if (output === 'json') {
    terminal.out.write(`${JSON.stringify(plan, null, 2)}\n`)
    return
  }
  const lines = plan.due.map(({ start, end }) => `${start} to ${end}`)
  terminal.out.write(`${[...lines, planWords(plan)].join('\n')}\n`)
}

function tellEnd({ terminal }: CommandContext, runs: readonly DagRun[], output: 'text' | 'json'): ExitCode {
  const well = runs.filter(({ status }) => status === 'success').length
  if (output === 'json') terminal.out.write(`${JSON.stringify({ runs }, null, 2)}\n`)
  else {
    const left = runs.length - well
    const words = left > 0 ? `, ${left} not: the same command goes on with what is left` : ''
    terminal.out.write(`${well} of ${formatCounted(runs.length, 'run')} succeeded${words}\n`)
  }
  return well === runs.length ? 0 : 1
}

function usage(message: string, hint: string): ProblemError {
  return new ProblemError(makeProblem('usage', message, { hint }))
}
