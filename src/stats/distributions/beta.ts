import { betaKernel, incompleteBeta } from './incomplete-beta.ts'
import { inverseIncompleteBetaLogit } from './inverse.ts'

const clamp = (x: number) => Math.min(Math.max(x, 0), 1)

/** Density of the beta distribution with shapes a, b > 0 at x. */
export function betaPdf(x: number, a: number, b: number): number {
  if (!(a > 0 && b > 0)) return Number.NaN
  if (x < 0 || x > 1) return 0
  if (x === 0) return a < 1 ? Infinity : a === 1 ? b : 0
  if (x === 1) return b < 1 ? Infinity : b === 1 ? a : 0
  return betaKernel(a, b, x, 1 - x) / (x * (1 - x))
}

/** P(X ≤ x) of the beta distribution. */
export function betaCdf(x: number, a: number, b: number): number {
  return incompleteBeta(a, b, clamp(x)).lower
}

/** P(X > x) of the beta distribution, with relative precision in the upper tail. */
export function betaSf(x: number, a: number, b: number): number {
  return incompleteBeta(a, b, clamp(x)).upper
}

/** The x with P(X ≤ x) = p, for p in [0, 1]. */
export function betaQuantile(p: number, a: number, b: number): number {
  const logit = inverseIncompleteBetaLogit(a, b, p, 1 - p)
  return logit < 0 ? Math.exp(logit) / (1 + Math.exp(logit)) : 1 / (1 + Math.exp(-logit))
}

/** Density of the F distribution with these degrees of freedom at x. */
export function fPdf(x: number, df1: number, df2: number): number {
  if (!(df1 > 0 && df2 > 0)) return Number.NaN
  if (x < 0) return 0
  if (x === 0) return df1 < 2 ? Infinity : df1 === 2 ? 1 : 0
  const ratio = (df1 / df2) * x
  return betaKernel(df1 / 2, df2 / 2, ratio / (1 + ratio), 1 / (1 + ratio)) / x
}

/** P(X ≤ x) of the F distribution; Abramowitz and Stegun (1964), 26.6.2. */
export function fCdf(x: number, df1: number, df2: number): number {
  return fTails(x, df1, df2).lower
}

/** P(X > x) of the F distribution, with relative precision in the upper tail. */
export function fSf(x: number, df1: number, df2: number): number {
  return fTails(x, df1, df2).upper
}

function fTails(x: number, df1: number, df2: number) {
  const ratio = (df1 / df2) * Math.max(x, 0)
  return ratio === Infinity
    ? { lower: 1, upper: 0 }
    : incompleteBeta(df1 / 2, df2 / 2, ratio / (1 + ratio), 1 / (1 + ratio))
}

/** The x with P(X ≤ x) = p of the F distribution, for p in [0, 1]. */
export function fQuantile(p: number, df1: number, df2: number): number {
  return (df2 / df1) * Math.exp(inverseIncompleteBetaLogit(df1 / 2, df2 / 2, p, 1 - p))
}
