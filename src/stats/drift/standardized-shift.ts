import { type Refusal, refuse } from '../refusal.ts'

/** Rows, mean and variance (divisor n − 1) of a number. */
export interface SampleMoments {
  readonly n: number
  readonly mean: number
  readonly variance: number
}

/**
 * How far the mean moved, in standard deviations: (m₂ − m₁)/√((s₁² + s₂²)/2), whatever the sizes of the samples. Refuses
 * samples of fewer than two rows and numbers that never vary. Source: Cohen (1988), eq. 2.3.2.
 */
export function standardizedShift(reference: SampleMoments, current: SampleMoments): number | Refusal {
  if (!(reference.n > 1 && current.n > 1)) return refuse('a sample has fewer than two rows')
  const spread = Math.sqrt((reference.variance + current.variance) / 2)
  return spread > 0 ? (current.mean - reference.mean) / spread : refuse('the number never varies')
}
