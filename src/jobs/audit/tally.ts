/*
 * What replications say of a method, with how well they can say it.
 */

/** One answer of a method in one replication. */
export interface Answer {
  /** Null where the method refused. */
  readonly estimate: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly truth: number
}

/** A number with its Monte Carlo standard error. */
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

/** Gathers answers; each replication gives one. */
export function makeTally() {
  let [replications, refused, answered, covered, rejected] = [0, 0, 0, 0, 0]
  let [meanError, spread, widths, finite] = [0, 0, 0, 0]
  return {
    add({ estimate, ciLower, ciUpper, truth }: Answer): void {
      replications++
      if (estimate === null || ciLower === null || ciUpper === null) {
        refused++
        return
      }
      answered++
      if (ciLower <= truth && truth <= ciUpper) covered++
      if (ciLower > 0 || ciUpper < 0) rejected++
      const error = estimate - truth
      const step = error - meanError
      meanError += step / answered
      spread += step * (error - meanError)
      const width = ciUpper - ciLower
      if (Number.isFinite(width)) {
        widths += width
        finite++
      }
    },
    result(): TallyResult {
      return {
        replications,
        refused,
        bias: { value: meanError, error: Math.sqrt(spread / (answered - 1) / answered) },
        coverage: share(covered, answered),
        rejection: share(rejected, answered),
        meanWidth: widths / finite,
      }
    },
  }
}

/** A share with its standard error; one of none or all is told as if half an event had been otherwise (Agresti, Coull 1998). */
export function share(events: number, of: number): Measured {
  const shrunk = (events + 0.5) / (of + 1)
  return { value: events / of, error: Math.sqrt((shrunk * (1 - shrunk)) / of) }
}
