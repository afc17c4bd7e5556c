/*
 * What replications say of a method, with how well they can say it. A tally is plain data, so that threads can hand it
 * over; tallies of further replications are merged into it.
 */

/** One answer of a method in one replication. */
export interface Answer {
  /** Null where the method refused. */
  readonly estimate: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  /** What tells of an effect where there is no interval. */
  readonly pValue?: number | null
  readonly truth: number
}

/** A number with its Monte Carlo standard error; NaN where nothing was answered. */
export interface Measured {
  readonly value: number
  readonly error: number
}

export interface TallyResult {
  readonly replications: number
  readonly refused: number
  /** Mean of estimate − truth. */
  readonly bias: Measured
  /** Share of the intervals that hold the truth. */
  readonly coverage: Measured
  /** Share of the intervals that leave out zero: of an A/A test the false-positive rate, otherwise the power. */
  readonly rejection: Measured
  readonly meanWidth: number
}

/** Sums over answers. */
export interface Tally {
  replications: number
  refused: number
  answered: number
  /** Answers with an interval. */
  intervals: number
  covered: number
  rejected: number
  /** Mean of estimate − truth, and the sum of squares around it. */
  meanError: number
  spread: number
  /** Of the intervals that are not open. */
  widths: number
  finite: number
}

/** A tally of nothing. */
export function emptyTally(): Tally {
  return {
    ...{ replications: 0, refused: 0, answered: 0, intervals: 0, covered: 0, rejected: 0 },
    ...{ meanError: 0, spread: 0, widths: 0, finite: 0 },
  }
}

/** Adds the answer of one replication, in place; `alpha` is what a p-value is compared with. */
export function addAnswer(tally: Tally, answer: Answer, alpha: number): void {
  const { estimate, ciLower, ciUpper, pValue = null, truth } = answer
  tally.replications++
  const hasInterval = ciLower !== null || ciUpper !== null
  if (estimate === null || (!hasInterval && pValue === null)) {
    tally.refused++
    return
  }
  tally.answered++
  const error = estimate - truth
  const step = error - tally.meanError
  tally.meanError += step / tally.answered
  tally.spread += step * (error - tally.meanError)
  if (!hasInterval) {
    if (pValue! < alpha) tally.rejected++
    return
  }
  // A bound that is null is open.
  const [lower, upper] = [ciLower ?? -Infinity, ciUpper ?? Infinity]
  tally.intervals++
  if (lower <= truth && truth <= upper) tally.covered++
  if (lower > 0 || upper < 0) tally.rejected++
  if (Number.isFinite(upper - lower)) {
    tally.widths += upper - lower
    tally.finite++
  }
}

/** Adds the tally of further replications, in place (Chan, Golub, LeVeque 1983). */
export function mergeTally(into: Tally, from: Tally): void {
  const answered = into.answered + from.answered
  if (from.answered > 0) {
    const gap = from.meanError - into.meanError
    into.spread += from.spread + (gap * gap * into.answered * from.answered) / answered
    into.meanError += (gap * from.answered) / answered
  }
  into.answered = answered
  for (const name of [
    'replications',
    'refused',
    'intervals',
    'covered',
    'rejected',
    'widths',
    'finite',
  ] as const)
    into[name] += from[name]
}

/** What a tally comes to. */
export function tallyResult(tally: Tally): TallyResult {
  const { replications, refused, answered, intervals, covered, rejected, meanError, spread, widths, finite } =
    tally
  return {
    replications,
    refused,
    bias:
      answered === 0
        ? { value: Number.NaN, error: Number.NaN }
        : {
            value: meanError,
            error: answered < 2 ? Number.NaN : Math.sqrt(spread / (answered - 1) / answered),
          },
    coverage: share(covered, intervals),
    rejection: share(rejected, answered),
    meanWidth: finite === 0 ? Number.NaN : widths / finite,
  }
}

/** A share with its standard error; one of none or all is told as if half an event had been otherwise (Agresti, Coull 1998). */
export function share(events: number, of: number): Measured {
  if (of === 0) return { value: Number.NaN, error: Number.NaN }
  const shrunk = (events + 0.5) / (of + 1)
  return { value: events / of, error: Math.sqrt((shrunk * (1 - shrunk)) / of) }
}
