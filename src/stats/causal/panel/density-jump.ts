import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { type Refusal, refuse } from '../../refusal.ts'

const bins = 10
const fewest = 50

/**
 * Whether units crowd on one side of a cutoff, as they do where somebody can choose on which side to be.
 *
 * Counts in 10 bins on each side within the bandwidth, a line through those of each side, and the jump of the two lines at the cutoff,
 * in units per bin; the counts are Poisson. After McCrary (2008), "Manipulation of the running variable", with a variance from the
 * counts instead of from residuals. Refuses fewer than 50 units within the bandwidth.
 */
export function densityJump(
  running: ArrayLike<number>,
  cutoff: number,
  bandwidth: number,
  options: InferenceOptions = {},
): Inference | Refusal {
  const counts = [new Float64Array(bins), new Float64Array(bins)] as const
  let n = 0
  for (let unit = 0; unit < running.length; unit++) {
    const distance = (running[unit]! - cutoff) / bandwidth
    if (!(Math.abs(distance) < 1)) continue
    counts[distance >= 0 ? 1 : 0][Math.min(bins - 1, Math.floor(Math.abs(distance) * bins))]!++
    n++
  }
  if (n < fewest) return refuse(`${n} units within the bandwidth, and ${fewest} are needed`)
  const [left, right] = counts.map(atEdge) as [Edge, Edge]
  const stdError = Math.sqrt(left.variance + right.variance)
  return waldInference(right.value - left.value, stdError, Infinity, options)
}

interface Edge {
  readonly value: number
  readonly variance: number
}

/** Where the line through counts ends at the cutoff. */
function atEdge(counts: Float64Array): Edge {
  const middle = bins / 2
  const squares = (bins * (bins * bins - 1)) / 12
  let [value, variance] = [0, 0]
  for (const [bin, count] of counts.entries()) {
    const weight = 1 / bins - (middle * (bin + 0.5 - middle)) / squares
    value += weight * count
    variance += weight * weight * count
  }
  return { value, variance }
}
