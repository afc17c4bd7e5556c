import type { Problem } from '../../core/problem.ts'
import type { CommandLog } from '../command-log.ts'
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
  readonly phase: (text: string) => void
  /** Ends the phase. */
  readonly done: () => void
  /** A line worth keeping. */
  readonly note: (text: string) => void
  /** A warning or error, which --quiet does not silence. */
  readonly problem: (problem: Problem) => void
}

export interface NarratorOptions {
  readonly clock: () => Date
  readonly log: CommandLog
  readonly quiet: boolean
  /** Where lines cannot be redrawn, a phase is told when it has lasted this long. */
  readonly patienceMs: number
}

/** A phase that took longer than this leaves a line behind on a terminal. */
const memorableMs = 1000

/** Narrates for people. */
export function makeTextNarrator(screen: Screen, options: NarratorOptions): Narrator {
  const { clock, log, quiet, patienceMs } = options
  const { colors, interactive, width } = screen.output
  const now = (): number => clock().getTime()
  let current: { readonly text: string; readonly startedAtMs: number } | null = null
  let waiting: NodeJS.Timeout | undefined
  const done = (): void => {
    clearTimeout(waiting)
    if (!current) return
    const { text, startedAtMs } = current
    current = null
    if (!interactive || quiet) return
    screen.setLive(null)
    const elapsedMs = now() - startedAtMs
    if (elapsedMs >= memorableMs) screen.print(colors.dim(`${text}  ${formatElapsed(elapsedMs)}`))
  }
  return {
    screen,
    phase: (text) => {
      if (current?.text === text) return
      done()
      log.write('info', text)
      const phase = { text, startedAtMs: now() }
      current = phase
      if (quiet) return
      if (!interactive) {
        if (patienceMs === 0) screen.print(text)
        else waiting = setTimeout(screen.print, patienceMs, text).unref()
        return
      }
      screen.setLive(() => {
        const nowMs = now()
        return [phaseLine(text, nowMs - phase.startedAtMs, { colors, width: width(), nowMs })]
      })
    },
    done,
    note: (text) => {
      log.write('info', text)
      if (!quiet) screen.print(text)
    },
    problem: (problem) => {
      log.write(problem.severity === 'error' ? 'error' : 'warn', problem.message, { problem })
      screen.print(paintProblem(problem, colors))
    },
  }
}

/** Narrates as JSON lines, for machines that read along. */
export function makeJsonNarrator(screen: Screen, options: NarratorOptions): Narrator {
  const { clock, log, quiet } = options
  const say = (line: Readonly<Record<string, unknown>>): void =>
    screen.print(JSON.stringify({ time: clock().toISOString(), ...line }))
  const tell = (type: string, message: string): void => {
    log.write('info', message)
    if (!quiet) say({ type, message })
  }
  return {
    screen,
    phase: (text) => tell('phase', text),
    done: () => {},
    note: (text) => tell('note', text),
    problem: (problem) => {
      log.write(problem.severity === 'error' ? 'error' : 'warn', problem.message, { problem })
      say({ type: 'problem', problem })
    },
  }
}
