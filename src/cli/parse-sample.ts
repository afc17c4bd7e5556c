import { parse } from 'yaml'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { parseTime } from './options.ts'

/** The times that --sample limits what is read to; the end is not part of it. */
export interface SampleWindow {
  readonly start: Date
  readonly end: Date
}

/** Reads `--sample '3 days'`, counted back from now, or `--sample '{start: 2026-01-01, end: 2026-01-08}'`. */
export function parseSample(text: string, now: Date): SampleWindow {
  return text.trim().startsWith('{') ? absoluteWindow(text) : relativeWindow(text, now)
}

function absoluteWindow(text: string): SampleWindow {
  let given: Readonly<Record<string, unknown>>
  try {
    given = parse(text, { schema: 'failsafe' }) as Readonly<Record<string, unknown>>
    return { start: parseTime(String(given['start'])), end: parseTime(String(given['end'])) }
  } catch {
    throw refused(text)
  }
}

const relative = /^(\d+) (hour|day|month|year)s?$/i

function relativeWindow(text: string, now: Date): SampleWindow {
  const match = relative.exec(text.trim())
  if (!match) throw refused(text)
  return { start: before(now, Number(match[1]), match[2]!.toLowerCase()), end: now }
}

/** The same moment so many units earlier: a day that the earlier month has not becomes its last one. */
function before(now: Date, count: number, unit: string): Date {
  const time = new Date(now)
  if (unit === 'hour') time.setUTCHours(time.getUTCHours() - count)
  else if (unit === 'day') time.setUTCDate(time.getUTCDate() - count)
  else {
    const months = unit === 'year' ? 12 * count : count
    const day = time.getUTCDate()
    time.setUTCDate(1)
    time.setUTCMonth(time.getUTCMonth() - months)
    const lastDay = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1, 0)).getUTCDate()
    time.setUTCDate(Math.min(day, lastDay))
  }
  return time
}

function refused(text: string): ProblemError {
  return new ProblemError(
    makeProblem('usage', `--sample '${text}' is no window of time`, {
      hint: "write '3 days' (hours, days, months, years), or '{start: 2026-01-01, end: 2026-01-08}'",
    }),
  )
}
