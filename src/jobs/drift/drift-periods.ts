import type { DriftSpec } from '../../core/drift-spec.ts'
import { instantOf } from '../../core/instant.ts'
import { dayMs } from '../../core/time-zone.ts'

/*
 * The days that a drift job looks at, as whole numbers since 1970.
 */

/** Days from `start` on, without `end`. */
export interface DayRange {
  readonly start: number
  readonly end: number
}

/** A window with the stretches of the reference that it is compared with. */
export interface DriftWindow extends DayRange {
  readonly days: number
  /** As long as the window, beginning on the same weekday, without a day in common. */
  readonly references: readonly DayRange[]
}

export interface DriftPeriods {
  readonly reference: DayRange
  readonly windows: readonly DriftWindow[]
  /** From the first day of the reference to the last one of the windows. */
  readonly all: DayRange
}

/**
 * Lays out the days. A Saturday is compared with Saturdays, a week with weeks: otherwise every weekend would be drift.
 */
export function driftPeriods({
  reference,
  windows,
  asOf,
}: Pick<DriftSpec, 'reference' | 'windows' | 'asOf'>): DriftPeriods {
  const end = dayOf(asOf)
  const before = end - Math.max(...windows)
  const range: DayRange =
    reference.kind === 'fixed'
      ? { start: dayOf(reference.start), end: dayOf(reference.end) }
      : { start: before - reference.days, end: before }
  return {
    reference: range,
    windows: windows.map((days) => ({
      days,
      start: end - days,
      end,
      references: likeWindows({ start: end - days, end }, range),
    })),
    all: { start: Math.min(range.start, before), end },
  }
}

/** The latest of them ends as late in the reference as its weekdays allow. */
function likeWindows(window: DayRange, reference: DayRange): DayRange[] {
  const days = window.end - window.start
  const step = 7 * Math.ceil(days / 7)
  // The reference may come after the window when somebody looks back; only the distance in whole weeks counts.
  const latest = window.start + 7 * Math.floor((reference.end - window.end) / 7)
  const found: DayRange[] = []
  for (let start = latest; start >= reference.start; start -= step) found.push({ start, end: start + days })
  return found.reverse()
}

/** The day in UTC on which an instant lies. */
function dayOf(instant: string): number {
  return Math.floor(instantOf(instant) / dayMs)
}

/** `2026-03-01`. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10)
}

/** Whether two stretches have a day in common. */
export function overlap(a: DayRange, b: DayRange): boolean {
  return a.start < b.end && b.start < a.end
}
