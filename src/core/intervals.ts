/*
 * Stretches of time and what is known of them. An interval holds its beginning and not its end: [from, to). A list of
 * intervals is normal when it is in order and none overlaps or touches another; everything here returns such lists.
 *
 * The ledger of a table is such a list for each version of its model: which times its rows were built for, and by
 * which version. A time is in the ledger at most once: what is built again belongs to who built it last.
 */

/** A stretch of time. Both ends are written by `toISOString`, so that they compare as text. */
export interface Interval {
  readonly from: string
  /** The first instant that is not part of it. */
  readonly to: string
}

/** Times that a table holds, and who built them. */
export interface BuiltInterval extends Interval {
  /**
   * The fingerprint of the model as it was then; null for what stood in the table before there was a ledger of it, of
   * which nobody knows more than that it is there.
   */
  readonly fingerprint: string | null
}

/** What a publication changes in the ledger of a table. */
export interface IntervalChange {
  /** Whether the table takes the place of another, so that nothing holds any more that the ledger said of that. */
  readonly anew: boolean
  readonly built: readonly Interval[]
  readonly fingerprint: string
  /** Times that count as built, by whomever, where the table stays and has no ledger yet. */
  readonly unknown?: Interval
}

/** What a plan makes of the times of a model that is built by time. */
export interface PlannedIntervals {
  /** The smallest stretch that is built on its own. */
  readonly grain: 'hour' | 'day' | 'month' | 'year'
  /** The version of the model now. */
  readonly fingerprint: string
  /** When it was planned: what comes later cannot be done with yet. */
  readonly now: string
  /** The beginning of the first batch. */
  readonly begin: string
  /** What becomes of what an older version built. */
  readonly onChange: 'forward_only' | 'rebuild'
  /** What this run builds: whole batches. */
  readonly due: readonly Interval[]
  /** Batches between the model's begin and the run's end that nobody has built wholly. */
  readonly missing: readonly Interval[]
  /** Batches that an older version of the model has built. */
  readonly stale: readonly Interval[]
  /** Times of which nobody knows what the table holds of them. */
  readonly unknown: readonly Interval[]
  /** Batches that are built again for rows that came late. */
  readonly again: readonly Interval[]
  /** Whether what is built was named, and not found out. */
  readonly isNamed: boolean
  /**
   * Whether a row stays that the table has from a later batch when an earlier one gives the same key, as if they had
   * been built in order. Where the command line names times the last one that was built wins, as in dbt.
   */
  readonly keepsNewer: boolean
  /** What the table holds before the run. */
  readonly ledger: readonly BuiltInterval[]
  /** Times that are taken for built because there is no ledger of the table. */
  readonly assumed?: Interval
}

/** An interval of two instants. */
export function interval(from: Date, to: Date): Interval {
  return { from: from.toISOString(), to: to.toISOString() }
}

/** The same times in the fewest intervals; those without an instant are left out. */
export function normalIntervals(intervals: Iterable<Interval>): Interval[] {
  const ordered = [...intervals].filter(({ from, to }) => from < to).sort(byBeginning)
  const normal: Interval[] = []
  for (const { from, to } of ordered) {
    const last = normal.at(-1)
    if (last && from <= last.to) normal[normal.length - 1] = { from: last.from, to: later(last.to, to) }
    else normal.push({ from, to })
  }
  return normal
}

/** The times that are in `intervals` and in none of `others`. */
export function withoutIntervals(intervals: Iterable<Interval>, others: Iterable<Interval>): Interval[] {
  const taken = normalIntervals(others)
  return normalIntervals(intervals).flatMap((one) => {
    const left: Interval[] = []
    let { from } = one
    for (const other of taken) {
      if (other.to <= from || other.from >= one.to) continue
      if (other.from > from) left.push({ from, to: other.from })
      from = other.to
    }
    return from < one.to ? [...left, { from, to: one.to }] : left
  })
}

/** The times that are in both. */
export function commonIntervals(intervals: Iterable<Interval>, others: Iterable<Interval>): Interval[] {
  const those = normalIntervals(others)
  return normalIntervals(intervals).flatMap((one) =>
    those.flatMap((other) => {
      const from = later(one.from, other.from)
      const to = earlier(one.to, other.to)
      return from < to ? [{ from, to }] : []
    }),
  )
}

/** Whether every instant of `one` is in `intervals`. */
export function isCovered(one: Interval, intervals: Iterable<Interval>): boolean {
  return withoutIntervals([one], intervals).length === 0
}

/** The ledger once a publication has changed it; without one before it, what stays is not known. */
export function changedLedger(
  before: readonly BuiltInterval[] | null,
  { anew, built, fingerprint, unknown }: IntervalChange,
): BuiltInterval[] {
  const stays = anew ? [] : (before ?? (unknown ? [{ ...unknown, fingerprint: null }] : []))
  const fingerprints = new Set([...stays.map((one) => one.fingerprint), fingerprint])
  const changed = [...fingerprints].flatMap((version) => {
    const its = stays.filter((one) => one.fingerprint === version)
    const now = version === fingerprint ? [...its, ...built] : withoutIntervals(its, built)
    return normalIntervals(now).map((one): BuiltInterval => ({ ...one, fingerprint: version }))
  })
  return changed.sort(byBeginning)
}

function byBeginning(a: Interval, b: Interval): number {
  return a.from < b.from ? -1 : a.from > b.from ? 1 : 0
}

function later(a: string, b: string): string {
  return a > b ? a : b
}

function earlier(a: string, b: string): string {
  return a < b ? a : b
}
