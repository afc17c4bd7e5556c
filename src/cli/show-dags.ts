import type { Dag } from '../core/dag.ts'
import { instantOf, isInstant } from '../core/instant.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { dueInstants, intervalOf, isWithin } from '../schedule/due-instants.ts'
import { makeTimetable } from '../schedule/timetable.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { type Due, dagLines, dagListLines, localTime, stepDetail } from './display/dag-lines.ts'
import { stepSvg } from './display/step-svg.ts'
import { tableLines } from './display/table.ts'
import { findDag, openDags, tellProblems } from './open-dags.ts'
import { openTarget } from './open-target.ts'

export interface DagListFlags {
  readonly output: 'text' | 'json'
}

export interface DagShowFlags {
  readonly output: 'text' | 'json' | 'svg'
}

export interface DagNextFlags {
  readonly output: 'text' | 'json'
  readonly count: number
  readonly after?: string
}

/** Names the DAGs of the project, and when each runs next. */
export async function listDags(context: CommandContext, { output }: DagListFlags): Promise<ExitCode> {
  const { dags, problems } = await openDags(context)
  tellProblems(context, problems)
  const { out } = context.terminal
  const now = context.clock()
  const nextOf = (dag: Dag) => nextDue(dag, now, 1)[0]?.instant ?? null
  if (output === 'json') {
    const listed = dags.map((dag) => ({ ...dag, next: nextOf(dag) }))
    out.write(`${JSON.stringify({ dags: listed, problems }, null, 2)}\n`)
  } else if (dags.length === 0) context.narrator.note('No DAGs: dags/*.yml declare them')
  else {
    const shown = (dag: Dag) => {
      const next = nextOf(dag)
      return next && localTime(next, dag)
    }
    out.write(`${dagListLines(dags, shown).join('\n')}\n`)
  }
  return 0
}

/** Shows one DAG: what it is, drawn, and what its steps do. */
export async function showDag(
  context: CommandContext,
  { output }: DagShowFlags,
  name: string,
): Promise<ExitCode> {
  const dag = findDag(await openDags(context), name)
  if (dag.triggers.newData.length > 0) {
    const { triggerWarnings } = await import('./trigger-warnings.ts')
    tellProblems(context, await triggerWarnings(context, [dag], () => openTarget(context)))
  }
  const { out } = context.terminal
  const next = nextDue(dag, context.clock(), 3)
  if (output === 'json') out.write(`${JSON.stringify({ ...dag, next }, null, 2)}\n`)
  else if (output === 'svg')
    out.write(
      stepSvg(
        dag.name,
        dag.steps.map((step) => ({ ...step, detail: stepDetail(step) })),
      ),
    )
  else out.write(`${dagLines(dag, next, out.colors).join('\n')}\n`)
  return 0
}

/** Lists the next instants of a schedule with the data interval of each. */
export async function showNextInstants(
  context: CommandContext,
  { output, count, after }: DagNextFlags,
  name: string,
): Promise<ExitCode> {
  const dag = findDag(await openDags(context), name)
  if (!dag.schedule)
    throw new ProblemError(
      makeProblem('usage', `'${name}' has no schedule`, {
        place: dag.place,
        hint: "add one to its file, as in schedule: '30 2 * * *'",
      }),
    )
  const next = nextDue(dag, after === undefined ? context.clock() : parseAfter(after), count)
  const { out } = context.terminal
  if (output === 'json') out.write(`${JSON.stringify({ dag: name, ...dag.schedule, next }, null, 2)}\n`)
  else {
    const rows = next.map(({ instant, interval }) => [
      localTime(instant, dag),
      instant.replace('.000Z', 'Z'),
      localTime(interval.start, dag),
    ])
    const head = ['fires', 'in UTC', 'for the time since']
    out.write(`${tableLines({ head, rows, align: ['left', 'left', 'left'] }).join('\n')}\n`)
  }
  return 0
}

/** Looks no further than so many instants outside of the first and last day. */
const lookedAt = 100_000

function nextDue(dag: Dag, after: Date, count: number): Due[] {
  if (!dag.schedule) return []
  const timetable = makeTimetable(dag.schedule)
  // What begins before the first day is none of the DAG's: there is no need to count up to it.
  const from = Math.max(after.getTime(), dag.startDate === null ? 0 : Date.parse(dag.startDate) - 1)
  const due: Due[] = []
  let looked = 0
  for (const time of dueInstants(timetable, from, Number.POSITIVE_INFINITY)) {
    const interval = intervalOf(timetable, time)
    const isOver = dag.endDate !== null && interval.start >= dag.endDate
    if (isOver || due.length >= count || ++looked > lookedAt) break
    if (isWithin(dag, interval.start)) due.push({ instant: interval.end, interval })
    if (due.length >= count) break
  }
  return due
}

function parseAfter(text: string): Date {
  if (isInstant(text)) return new Date(instantOf(text))
  throw new ProblemError(
    makeProblem('usage', `--after '${text}' is no instant`, {
      hint: 'for example --after 2026-03-28T12:00Z',
    }),
  )
}
