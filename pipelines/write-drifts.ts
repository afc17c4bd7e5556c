import type { RowWriter } from 'estimand'
import { microsPerDay } from './parameters.ts'

/** A column that is another from some day on: the row of a table of true drifts. */
export interface TrueDrift {
  readonly column: string
  /** Whose rows they are; all if not given. */
  readonly segment?: readonly [name: string, value: string]
  /** The category whose share changes; a mean if not given. */
  readonly category?: string
  readonly description: string
}

/** Writes what drifts from a day of the world on; nothing where the world ends before it. */
export function writeDrifts(
  out: RowWriter,
  startMicros: number,
  { day, days }: { readonly day: number; readonly days: number },
  drifts: readonly TrueDrift[],
): void {
  if (day >= days) return
  const textOrNull = (text: string | undefined): void => (text === undefined ? out.null() : out.text(text))
  for (const { column, segment, category, description } of drifts) {
    out.startRow()
    out.text(column)
    textOrNull(segment?.[0])
    textOrNull(segment?.[1])
    textOrNull(category)
    out.date(startMicros / microsPerDay + day)
    out.text(description)
  }
}
