import { binomialPmf } from '../distributions/counts.ts'
import {
  criticalValue,
  defaultCiLevel,
  type Inference,
  type InferenceOptions,
  waldInference,
} from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'

/** A yes/no outcome in one arm. */
export interface Counts {
  /** Units with the outcome. */
  readonly successes: number
  /** All units. */
  readonly n: number
}

/** Options of `proportionTest`. */
export interface ProportionOptions extends Omit<InferenceOptions, 'nullValue' | 'reference'> {
  /** Variance under the null hypothesis: 'pooled' (the default: the classical test) or 'unpooled'. */
  readonly variance?: 'pooled' | 'unpooled'
  /** 'wald' (the default), or 'newcombe', which holds its level in small samples and near 0 and 1. */
  readonly interval?: 'wald' | 'newcombe'
}

/**
 * The difference of two proportions, treatment minus control, with the z test.
 *
 * Inputs: counts of the arms. The p-value is that of the z test (pooled: its square is Pearson's χ² without
 * continuity correction); standard error and interval are unpooled, with p(1 − p)/n. Refuses empty arms,
 * counts that are not whole numbers from 0 to n, and arms that are all 0 or all 1 alike, whose difference has
 * no variance. Source: Agresti (2013), "Categorical data analysis", 3.1; Newcombe (1998), Stat. Med. 17,
 * method 10.
 */
export function proportionTest(
  treatment: Counts,
  control: Counts,
  options: ProportionOptions = {},
): Inference | Refusal {
  const problem = checkCounts('treatment', treatment) ?? checkCounts('control', control)
  if (problem) return problem
  const t = treatment.successes / treatment.n
  const c = control.successes / control.n
  const pooled = (treatment.successes + control.successes) / (treatment.n + control.n)
  if (pooled === 0 || pooled === 1) return refuse('zero variance: the outcome is the same for every unit')
  const stdError = Math.sqrt((t * (1 - t)) / treatment.n + (c * (1 - c)) / control.n)
  const pooledError = Math.sqrt(pooled * (1 - pooled) * (1 / treatment.n + 1 / control.n))
  const normal = { ...options, reference: 'normal' } as const
  const test = waldInference(
    t - c,
    options.variance === 'unpooled' ? stdError : pooledError,
    Infinity,
    normal,
  )
  if (isRefused(test)) return test
  const interval = options.interval === 'newcombe' ? newcombe(treatment, control, options) : undefined
  const wald = waldInference(t - c, stdError, Infinity, normal)
  const bounds = interval ?? wald
  if (isRefused(bounds)) return bounds
  const { ciLower, ciUpper } = bounds
  return { ...test, stdError, ciLower, ciUpper }
}

function checkCounts(name: string, { successes, n }: Counts): Refusal | undefined {
  if (!(n >= 1)) return refuse(`too few units: the ${name} arm has none`)
  if (!Number.isInteger(n) || !Number.isInteger(successes) || successes < 0 || successes > n)
    return refuse(`the counts of the ${name} arm must be whole numbers, ${successes} from 0 to ${n}`)
  return undefined
}

function newcombe(
  treatment: Counts,
  control: Counts,
  options: ProportionOptions,
): { ciLower: number; ciUpper: number } {
  const { ciLevel = defaultCiLevel, alternative = 'two-sided' } = options
  const z = criticalValue(ciLevel, alternative)
  const a = wilson(treatment, z)
  const b = wilson(control, z)
  const difference = a.rate - b.rate
  return {
    ciLower: alternative === 'less' ? -Infinity : difference - Math.hypot(a.rate - a.lower, b.upper - b.rate),
    ciUpper:
      alternative === 'greater' ? Infinity : difference + Math.hypot(a.upper - a.rate, b.rate - b.lower),
  }
}

/** Wilson's (1927) score interval of a proportion. */
function wilson({ successes, n }: Counts, z: number): { rate: number; lower: number; upper: number } {
  const rate = successes / n
  const center = (successes + (z * z) / 2) / (n + z * z)
  const halfWidth = (z * Math.sqrt(n * rate * (1 - rate) + (z * z) / 4)) / (n + z * z)
  return { rate, lower: Math.max(0, center - halfWidth), upper: Math.min(1, center + halfWidth) }
}

/** The result of Fisher's exact test. */
export interface FisherResult {
  readonly pValue: number
  /**
   * The sample's odds ratio, treatment over control; infinite when the denominator is 0 (it never is 0/0).
   */
  readonly oddsRatio: number
}

/**
 * Fisher's exact test of two proportions, for small counts.
 *
 * Inputs: counts of the arms. The two-sided p-value adds up all tables with the same margins that are not
 * more probable than the observed one. Refuses what `proportionTest` does. Source: Fisher (1935);
 * probabilities by the binomial saddle-point form, so that large tables do not overflow.
 */
export function fisherExactTest(
  treatment: Counts,
  control: Counts,
  options: { readonly alternative?: InferenceOptions['alternative'] } = {},
): FisherResult | Refusal {
  const problem = checkCounts('treatment', treatment) ?? checkCounts('control', control)
  if (problem) return problem
  const successes = treatment.successes + control.successes
  const n = treatment.n + control.n
  if (successes === 0 || successes === n)
    return refuse('zero variance: the outcome is the same for every unit')
  const share = successes / n
  const probabilityOf = (inTreatment: number) =>
    (binomialPmf(inTreatment, treatment.n, share) * binomialPmf(successes - inTreatment, control.n, share)) /
    binomialPmf(successes, n, share)
  const { alternative = 'two-sided' } = options
  const limit = probabilityOf(treatment.successes) * (1 + 1e-7)
  const counts = (inTreatment: number) => {
    if (alternative === 'greater') return inTreatment >= treatment.successes
    if (alternative === 'less') return inTreatment <= treatment.successes
    return probabilityOf(inTreatment) <= limit
  }
  let pValue = 0
  const most = Math.min(successes, treatment.n)
  for (let inTreatment = Math.max(0, successes - control.n); inTreatment <= most; inTreatment++)
    if (counts(inTreatment)) pValue += probabilityOf(inTreatment)
  const odds =
    (treatment.successes * (control.n - control.successes)) /
    (control.successes * (treatment.n - treatment.successes))
  return { pValue: Math.min(1, pValue), oddsRatio: odds }
}
