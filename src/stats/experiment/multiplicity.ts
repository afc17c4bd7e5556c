import { checkLevel, defaultCiLevel } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'

/** Corrections for testing several hypotheses. */
export type Correction =
  /** Family-wise error. */
  | 'bonferroni'
  | 'sidak'
  | 'holm'
  | 'holm_sidak'
  | 'hochberg'
  | 'hochberg_sidak'
  | 'hommel'
  /** False discovery rate. */
  | 'benjamini_hochberg'
  | 'benjamini_yekutieli'

/**
 * The p-values adjusted for their number, in their order: reject those that are at most alpha.
 *
 * Refuses no p-values and numbers outside [0, 1]; leave refused tests out, they are not part of the family.
 * Source: Šidák (1967); Holm (1979); Hochberg (1988); Hommel (1988); Benjamini and Hochberg (1995); Benjamini
 * and Yekutieli (2001). Šidák's 1 − (1 − p)^m is taken by log1p, so that small p-values keep their digits.
 */
export function adjustPValues(pValues: readonly number[], correction: Correction): number[] | Refusal {
  if (pValues.length === 0) return refuse('there are no p-values to adjust')
  if (!pValues.every((p) => p >= 0 && p <= 1)) return refuse('every p-value must be a number from 0 to 1')
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]!)
  const sorted = order.map((index) => pValues[index]!)
  const adjusted = corrections[correction](sorted)
  const result = new Array<number>(pValues.length)
  for (const [rank, index] of order.entries()) result[index] = Math.min(1, adjusted[rank]!)
  return result
}

/**
 * The confidence level at which the intervals of a family say what its adjusted tests say: they exclude the null value
 * where the adjusted p-value is at most 1 − ciLevel.
 *
 * Bonferroni's and Šidák's intervals hold together with probability ciLevel. With R rejections of m, the step-wise
 * corrections give α/(m − R + 1) (Šidák's in his form): these agree with the decisions, but promise no joint coverage.
 * For the false discovery rate it is 1 − Rα/m (Benjamini–Yekutieli's over Σ1/i, too): among the intervals of what was
 * rejected, a share of at most α is expected to miss. R counts as 1 if nothing is rejected. Refuses what
 * `adjustPValues` does, a level outside (0, 1), and Hommel's procedure, which has no such level. Source: for the false
 * coverage rate Benjamini and Yekutieli (2005), JASA 100.
 */
export function adjustedCiLevel(
  pValues: readonly number[],
  correction: Correction,
  ciLevel = defaultCiLevel,
): number | Refusal {
  const problem = checkLevel(ciLevel)
  if (problem) return problem
  const adjusted = adjustPValues(pValues, correction)
  if ('refused' in adjusted) return adjusted
  const alpha = 1 - ciLevel
  const m = pValues.length
  const rejected = Math.max(1, adjusted.filter((p) => p <= alpha).length)
  const harmonic = pValues.reduce((sum, _, rank) => sum + 1 / (rank + 1), 0)
  switch (correction) {
    case 'bonferroni':
      return 1 - alpha / m
    case 'sidak':
      return ciLevel ** (1 / m)
    case 'holm':
    case 'hochberg':
      return 1 - alpha / (m - rejected + 1)
    case 'holm_sidak':
    case 'hochberg_sidak':
      return ciLevel ** (1 / (m - rejected + 1))
    case 'benjamini_hochberg':
      return 1 - (rejected * alpha) / m
    case 'benjamini_yekutieli':
      return 1 - (rejected * alpha) / (m * harmonic)
    case 'hommel':
      return refuse("Hommel's procedure has no confidence level of its own")
  }
}

const sidak = (p: number, m: number) => -Math.expm1(m * Math.log1p(-p))
const bonferroni = (p: number, m: number) => m * p

/** From the smallest p-value up, none below the one before. */
function stepDown(sorted: readonly number[], adjust: (p: number, rank: number) => number): number[] {
  let largest = 0
  return sorted.map((p, rank) => {
    largest = Math.max(largest, adjust(p, rank))
    return largest
  })
}

/** From the largest p-value down, none above the one before. */
function stepUp(sorted: readonly number[], adjust: (p: number, rank: number) => number): number[] {
  const result = new Array<number>(sorted.length)
  let smallest = 1
  for (let rank = sorted.length - 1; rank >= 0; rank--) {
    smallest = Math.min(smallest, adjust(sorted[rank]!, rank))
    result[rank] = smallest
  }
  return result
}

/** Each takes p-values in ascending order; rank counts from 0. */
const corrections: Record<Correction, (sorted: readonly number[]) => number[]> = {
  bonferroni: (sorted) => sorted.map((p) => bonferroni(p, sorted.length)),
  sidak: (sorted) => sorted.map((p) => sidak(p, sorted.length)),
  holm: (sorted) => stepDown(sorted, (p, rank) => bonferroni(p, sorted.length - rank)),
  holm_sidak: (sorted) => stepDown(sorted, (p, rank) => sidak(p, sorted.length - rank)),
  hochberg: (sorted) => stepUp(sorted, (p, rank) => bonferroni(p, sorted.length - rank)),
  hochberg_sidak: (sorted) => stepUp(sorted, (p, rank) => sidak(p, sorted.length - rank)),
  hommel,
  benjamini_hochberg: (sorted) => stepUp(sorted, (p, rank) => (p * sorted.length) / (rank + 1)),
  benjamini_yekutieli: (sorted) => {
    const harmonic = sorted.reduce((sum, _, rank) => sum + 1 / (rank + 1), 0)
    return stepUp(sorted, (p, rank) => (p * sorted.length * harmonic) / (rank + 1))
  },
}

/**
 * Hommel's procedure in the form of Wright (1992), "Adjusted p-values for simultaneous inference".
 */
function hommel(sorted: readonly number[]): number[] {
  const m = sorted.length
  const adjusted = [...sorted]
  for (let size = m; size > 1; size--) {
    const upper = sorted.slice(m - size + 1)
    const least = Math.min(...upper.map((p, index) => (size * p) / (index + 2)))
    for (let rank = 0; rank < m; rank++) {
      const bound = rank > m - size ? least : Math.min(least, size * sorted[rank]!)
      adjusted[rank] = Math.max(adjusted[rank]!, bound)
    }
  }
  return adjusted
}
