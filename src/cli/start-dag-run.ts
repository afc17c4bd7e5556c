import { makeProblem, ProblemError } from '../core/problem.ts'
import { awaitedRuns, intervalBefore } from '../schedule/new-dag-run.ts'
import { makeTimetable, type Timetable } from '../schedule/timetable.ts'
import type { DagRun } from '../store/dags/index.ts'
import { carryOutRuns } from './carry-out-runs.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { workerLines } from './display/dag-events.ts'
import { whoAsks, withDagStore } from './open-dag-store.ts'
import { findDag, openDags } from './open-dags.ts'
import { openTarget } from './open-target.ts'
import { parseVars } from './parse-vars.ts'

export interface DagRunFlags {
  /** The data interval; the last one that is over where nothing is said. */
  readonly from?: Date
  readonly to?: Date
  /** Leave it to workers. */
  readonly queue?: boolean
  readonly slots: number
  readonly output: 'text' | 'json'
}

/** Makes a run of a DAG and, unless workers are to, carries it out. */
export async function startDagRun(
  context: CommandContext,
  flags: DagRunFlags,
  name: string,
): Promise<ExitCode> {
  const reading = await openDags(context)
  const dag = findDag(reading, name)
  const opened = await openTarget(context)
  const timetableOf = (of: string): Timetable | null => {
    const schedule = reading.dags.find((one) => one.name === of)?.schedule
    return schedule ? makeTimetable(schedule) : null
  }
  const interval = intervalOf(flags, timetableOf(name), context.clock())
  return withDagStore<ExitCode>(context, opened, async (open) => {
    const { store } = open
    const dagRunId = context.newId()
    const waitsFor = awaitedRuns(dag, interval.end, timetableOf)
    await store.make(
      [
        {
          ...{ dagRunId, dag, cause: 'manual', occasion: `manual ${dagRunId}`, askedBy: whoAsks(context) },
          ...{ intervalStart: interval.start, intervalEnd: interval.end, waitsFor },
          vars: parseVars(context.flags.vars),
        },
      ],
      context.clock(),
    )
    if (flags.queue) {
      tellQueued(context, dagRunId, flags.output)
      return 0
    }
    context.narrator.note(`run ${dagRunId} of ${name}, ${interval.start} to ${interval.end}`)
    const [run] = await carryOutRuns(context, opened, open, [dagRunId], {
      slots: flags.slots,
      emit: (event) => {
        for (const line of workerLines(event)) context.narrator.note(line)
      },
    })
    return tellEnd(context, run!, flags.output)
  })
}

function intervalOf({ from, to }: DagRunFlags, timetable: Timetable | null, now: Date) {
  if (!from && !to) return intervalBefore(timetable, now)
  if (from && to && from < to) return { start: from.toISOString(), end: to.toISOString() }
  throw new ProblemError(
    makeProblem('usage', 'a data interval needs its beginning and, after that, its end', {
      hint: '--from 2026-02-01 --to 2026-02-02',
    }),
  )
}

/** Says that a run waits for a worker. */
export function tellQueued({ terminal }: CommandContext, dagRunId: string, output: 'text' | 'json'): void {
  terminal.out.write(output === 'json' ? `${JSON.stringify({ dagRunId })}\n` : `${dagRunId}\n`)
}

/** Says how a run ended, and gives the exit code for it. */
export function tellEnd(context: CommandContext, run: DagRun, output: 'text' | 'json'): ExitCode {
  const { terminal } = context
  if (output === 'json') terminal.out.write(`${JSON.stringify(run, null, 2)}\n`)
  else {
    const failed = run.steps.filter(({ status }) => status === 'failed' || status === 'cancelled')
    const lines = failed.map(({ step, status, message }) => `${step} ${status}: ${message}`)
    const hint = run.status === 'success' ? [] : [`estimand runs retry ${run.dagRunId.slice(0, 8)} goes on`]
    terminal.out.write(`${[`${run.dag} ${run.status}`, ...lines, ...hint].join('\n')}\n`)
  }
  return run.status === 'success' ? 0 : 1
}
