import { type EventLevel, isTold } from '../../core/events/event-names.ts'
import type { EventStream } from '../../core/events/event-stream.ts'
import { formatProblem, type Problem } from '../../core/problem.ts'
import { phaseLine } from './live-lines.ts'
import { formatElapsed } from './numbers.ts'
import { paintProblem } from './paint-problem.ts'
import type { Screen } from './screen.ts'

/*
 * Tells what the command does apart from its nodes: starting PostgreSQL, compiling, which warehouse is used.
 * Everything told also goes to the log.
 */

export interface Narrator {
  readonly screen: Screen
  /** Says what is being done now; a phase lasts until the next one or until `done`. */
  readonly phase: (text: string, options?: PhaseOptions) => void
  /** Says how far the phase has come, where lines can be redrawn; nothing of it is kept. */
  readonly progress: (text: string) => void
  /** Ends the phase. */
  readonly done: () => void
  /** A line worth keeping. */
  readonly note: (text: string) => void
  /** The same of what has been told already, to people only. */
  readonly show: (text: string) => void
  /** A warning or error, which --quiet does not silence. */
  readonly problem: (problem: Problem) => void
}

export interface PhaseOptions {
  /** Leaves no line behind, however long it took: before what is asked for, where it would only be in the way. */
  readonly passing?: boolean
}

export interface NarratorOptions {
  readonly clock: () => Date
  readonly events: EventStream
  readonly quiet: boolean
  /** Problems below this are not told. */
  readonly level: EventLevel | 'none'
  /** Where lines cannot be redrawn, a phase is told when it has lasted this long. */
  readonly patienceMs: number
}

interface Phase {
  readonly text: string
  /** What its line says now. */
  shown: string
  readonly startedAtMs: number
  readonly passing: boolean
}

/** A phase that took longer than this leaves a line behind on a terminal. */
const memorableMs = 1000

/** Narrates for people. */
export function makeTextNarrator(screen: Screen, options: NarratorOptions): Narrator {
  const { clock, events, quiet, level, patienceMs } = options
  const { colors, interactive, width } = screen.output
  const now = (): number => clock().getTime()
  let current: Phase | null = null
  let waiting: NodeJS.Timeout | undefined
  const done = (): void => {
    clearTimeout(waiting)
    if (!current) return
    const { text, startedAtMs, passing } = current
    current = null
    if (!interactive || quiet) return
    screen.setLive(null)
    const elapsedMs = now() - startedAtMs
    if (elapsedMs >= memorableMs && !passing) screen.print(colors.dim(`${text}  ${formatElapsed(elapsedMs)}`))
  }
  return {
    screen,
    phase: (text, { passing = false } = {}) => {
      if (current?.text === text) return
      done()
      tellNote(events, text)
      const phase: Phase = { text, shown: text, startedAtMs: now(), passing }
      current = phase
      if (quiet) return
      if (!interactive) {
        if (patienceMs === 0) screen.print(text)
        else waiting = setTimeout(screen.print, patienceMs, text).unref()
        return
      }
      screen.setLive(() => {
        const nowMs = now()
        return [phaseLine(phase.shown, nowMs - phase.startedAtMs, { colors, width: width(), nowMs })]
      })
    },
    progress: (text) => {
      if (current) current.shown = text
    },
    done,
    note: (text) => {
      tellNote(events, text)
      if (!quiet) screen.print(text)
    },
    show: (text) => {
      if (!quiet) screen.print(text)
    },
    problem: (problem) => {
      tellProblem(events, problem)
      if (isTold(levelOf(problem), level)) screen.print(paintProblem(problem, colors))
    },
  }
}

/** Narrates as JSON lines, for machines that read along: every event of the command, one a line. */
export function makeJsonNarrator(screen: Screen, { events, level }: NarratorOptions): Narrator {
  events.subscribe((record) => {
    if (isTold(record.info.level, level)) screen.print(JSON.stringify(record))
  })
  return {
    screen,
    phase: (text) => tellNote(events, text),
    progress: () => {},
    done: () => {},
    note: (text) => tellNote(events, text),
    show: () => {},
    problem: (problem) => tellProblem(events, problem),
  }
}

function tellNote(events: EventStream, msg: string): void {
  events.tell({ name: 'Note', level: 'info', msg, data: { msg } })
}

/** Tells a problem on the stream, as far as it is no event of a run. */
export function tellProblem(events: EventStream, problem: Problem): void {
  const data = { problem: problem as never }
  events.tell({ name: 'ProblemReported', level: levelOf(problem), msg: formatProblem(problem), data })
}

function levelOf({ severity }: Problem): EventLevel {
  return severity === 'error' ? 'error' : 'warn'
}
