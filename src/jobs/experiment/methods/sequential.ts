import type { SequentialPlan } from '../../../core/experiment-spec.ts'
import {
  type AlwaysValidInference,
  asymptoticConfidenceSequence,
  isRefused,
  mixtureTest,
  type Refusal,
  refuse,
} from '../../../stats/index.ts'
import { outcomeArm } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import { bestEffect } from './adjusted.ts'
import { armDiagnostics, finite } from './means.ts'
import type { ArmPair, MethodEntry, MethodInput, MethodResult, Scale } from './method.ts'
import { marginOf } from './non-inferiority.ts'

/*
 * Intervals and tests that may be looked at while the experiment runs. The interval is that of the last look; the
 * p-value is the smallest of all looks so far, since what was found once stays found.
 */

const bothScales = (): readonly Scale[] => ['absolute', 'relative']
const isMean: MethodEntry['applies'] = (outcome) => outcomeKind(outcome) !== 'quantile'

type AtLook = (pair: ArmPair) => AlwaysValidInference | Refusal

/** The interval at the last look, with the smallest p-value so far. */
function alwaysValid(
  input: MethodInput,
  atLook: AtLook,
  extra: Record<string, unknown>,
): MethodResult | Refusal {
  const now = atLook(input)
  if (isRefused(now)) return now
  const pValues = input.looks.map((look) => {
    const then = atLook(look)
    // Too few units on an early day: that look found nothing.
    return isRefused(then) ? 1 : then.pValue
  })
  const { estimate, stdError, ciLower, ciUpper, pValue } = now
  return {
    estimate,
    stdError,
    ciLower: finite(ciLower),
    ciUpper: finite(ciUpper),
    pValue: Math.min(pValue, ...pValues),
    diagnostics: {
      ...armDiagnostics(input.treatment, input.control),
      base: bestEffect(input, input.scale, input.ciLevel).base,
      looks: input.looks.length,
      p_value_at_this_look: pValue,
      critical_value: finite((ciUpper - ciLower) / 2 / stdError),
      ...extra,
    },
  }
}

/** Units that an estimate of these arms rests on. */
function unitsOf({ treatment, control }: ArmPair): number {
  return treatment.outcomeMoments.n + control.outcomeMoments.n
}

function confidenceSequence(input: MethodInput): MethodResult | Refusal {
  const { spec, outcome, scale, ciLevel } = input
  const plan = spec.sequential?.kind === 'confidence_sequence' ? spec.sequential : undefined
  const tuningUnits = plan?.tuningUnits ?? 5000
  const oneSided = outcome.better === 'higher' ? 'greater' : 'less'
  const alternative = plan?.sides === 1 ? oneSided : 'two-sided'
  return alwaysValid(
    input,
    (pair) => {
      const { effect } = bestEffect(pair, scale, ciLevel)
      if (isRefused(effect)) return effect
      return asymptoticConfidenceSequence(effect, unitsOf(pair), { tuningUnits, ciLevel, alternative })
    },
    { tuning_units: tuningUnits, alternative },
  )
}

/**
 * The mixing variance on the scale of the estimate: that of the plan, a share of the control's mean squared, or the
 * square of the smallest effect worth shipping; both are known before the data.
 */
function mixingVarianceOf({ spec, outcome, scale, control }: MethodInput): number | Refusal {
  const arm = outcomeArm(control)
  if (isRefused(arm)) return arm
  const plan = spec.sequential?.kind === 'msprt' ? spec.sequential : undefined
  const least = outcome.minimumEffect && marginOf(outcome.minimumEffect)
  const own: { scale: Scale; variance: number } | undefined =
    plan?.mixingVariance !== undefined
      ? { scale: 'relative', variance: plan.mixingVariance }
      : least && { scale: least.scale, variance: least.size ** 2 }
  if (!own) return refuse('the mixing variance is not given, nor a minimum effect that it could be made from')
  if (own.scale === scale) return own.variance
  return scale === 'absolute' ? own.variance * arm.mean ** 2 : own.variance / arm.mean ** 2
}

function msprt(input: MethodInput): MethodResult | Refusal {
  const { scale, ciLevel } = input
  const mixingVariance = mixingVarianceOf(input)
  if (typeof mixingVariance !== 'number') return mixingVariance
  return alwaysValid(
    input,
    (pair) => {
      const { effect } = bestEffect(pair, scale, ciLevel)
      return isRefused(effect) ? effect : mixtureTest(effect, mixingVariance, { ciLevel })
    },
    { mixing_variance: mixingVariance },
  )
}

/** The looks that were due by the day in question, and the state of the arms at those at which there were units. */
function looksDue(
  { design, looks }: MethodInput,
  { looks: planned, plannedUnits }: Extract<SequentialPlan, { kind: 'group_sequential' }>,
) {
  const today = looks.at(-1)?.day ?? null
  const due = design.looks.filter(({ day }) => (day ?? '') <= (today ?? ''))
  if (due.length === 0) {
    const first = Math.ceil(planned[0]! * plannedUnits)
    return refuse(
      `the first look is at ${first} units, and there are ${today === design.day ? design.units : 'fewer'}`,
    )
  }
  // A segment may have had no units yet at the first looks.
  const reached = due.flatMap((look, place) => {
    const pair = looks.find(({ day }) => day === look.day)
    return pair ? [{ ...look, place, pair }] : []
  })
  const { day } = due.at(-1)!
  if (reached.at(-1)?.day !== day)
    return refuse(`what these units had come to on ${day}, the day of the last look, is not known`)
  return { due, reached }
}

/** The state of the last look that was reached, not of today: units that came since wait for the next one. */
function groupSequential(input: MethodInput): MethodResult | Refusal {
  const { design, scale, ciLevel } = input
  const plan = design.plan
  if (plan?.kind !== 'group_sequential') return refuse('no group-sequential plan is declared')
  const found = looksDue(input, plan)
  if (isRefused(found)) return found
  const { due, reached } = found
  let pValue = 1
  let last: { z: number; boundary: number; result: AlwaysValidInference; pair: ArmPair } | undefined
  for (const { day, place, pair } of reached) {
    const { effect } = bestEffect(pair, scale, ciLevel)
    const boundary = design.boundary(place, 1 - ciLevel)
    if (isRefused(effect)) return effect
    if (typeof boundary !== 'number') return boundary
    const { estimate, stdError } = effect
    const z = estimate / stdError
    // Where one state only is known, it is that of the last look.
    const isKnown = day !== null || place === design.looks.length - 1
    if (isKnown) pValue = Math.min(pValue, design.repeatedPValue(place, z))
    const half = boundary * stdError
    const result = { estimate, stdError, ciLower: estimate - half, ciUpper: estimate + half, ciLevel, pValue }
    last = { z, boundary, result, pair }
  }
  const { z, boundary, result, pair } = last!
  return {
    estimate: result.estimate,
    stdError: result.stdError,
    ciLower: finite(result.ciLower),
    ciUpper: finite(result.ciUpper),
    pValue,
    diagnostics: {
      ...armDiagnostics(pair.treatment, pair.control),
      base: bestEffect(pair, scale, ciLevel).base,
      spending: plan.spending,
      look: due.length,
      looks_planned: plan.looks.length,
      look_day: due.at(-1)!.day,
      information: reached.map(({ information }) => information),
      z,
      critical_value: finite(boundary),
    },
  }
}

export const sequentialMethods = {
  confidence_sequence: {
    scales: bothScales,
    ciKind: 'always_valid',
    needs: 'cells',
    applies: isMean,
    compute: confidenceSequence,
    looks: 'each',
  },
  msprt: {
    scales: bothScales,
    ciKind: 'always_valid',
    needs: 'cells',
    applies: isMean,
    compute: msprt,
    looks: 'each',
  },
  group_sequential: {
    scales: bothScales,
    ciKind: 'always_valid',
    needs: 'cells',
    applies: isMean,
    compute: groupSequential,
    looks: 'plan',
  },
} as const satisfies Record<string, MethodEntry>
