/**
 * A seeded source of random draws. The same seed and stream give the same draws on every machine, whatever
 * other streams do; different streams of one seed are independent.
 */
export interface Random {
  /** A draw from [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number
  /** An integer in [0, bound), exactly unbiased. */
  int(bound: number): number
  /** True with this probability. */
  bernoulli(probability: number): boolean
  /** A standard normal draw. */
  normal(): number
  /** exp(logMean + logSd·Z), Z standard normal. */
  lognormal(logMean: number, logSd: number): number
  /** An exponential draw with mean 1. */
  exponential(): number
  /** A gamma draw with this shape and scale 1. */
  gamma(shape: number): number
  /** A beta draw with shapes a and b. */
  beta(a: number, b: number): number
  /** A Poisson draw with this mean. */
  poisson(mean: number): number
  /** Successes in `trials`, each with `probability`. */
  binomial(trials: number, probability: number): number
  /**
   * Failures before the `size`-th success (`size` need not be whole), each trial succeeding with
   * `probability`.
   */
  negativeBinomial(size: number, probability: number): number
  /** Puts the items of an array into random order, in place. */
  shuffle(items: { length: number; [index: number]: unknown }): void
  /** Goes to the start of another stream of the same seed; cheap enough for one stream per unit. */
  reseed(stream: number): void
  /** Goes to 64-bit draw number `draw` of the present stream, in constant time. */
  jump(draw: number): void
}
