import type { ExperimentMethod, ExperimentOutcome } from '../../core/experiment-spec.ts'
import type { DayRow } from '../../core/experiment-tables.ts'
import { isRefused } from '../../stats/index.ts'
import { wholePopulation } from './data/cell-index.ts'
import { type HealthFinding, refusalFor } from './health/check-health.ts'
import { type Analysis, methodInput } from './method-input.ts'
import type { MethodInput, MethodResult, Scale } from './methods/method.ts'
import { methodRegistry } from './methods/registry.ts'
import { fixedHorizonMethod, primaryMethod } from './primary-method.ts'

/*
 * Effects over time, for everybody. Cumulative: of all that happened up to a day, by the fixed-horizon method and,
 * where there is one, by the sequential plan; only the latter's intervals may be looked at every day. Since exposure:
 * of units by how many days ago they were exposed. A novelty wears off: its effect is the smaller, as a share, the longer
 * units have had it.
 */

/** A day's row without the fields that all rows of a job share. */
export type DayFinding = Omit<DayRow, 'job' | 'runId' | 'asOf'>

const scales: readonly Scale[] = ['relative', 'absolute']

/** The effect up to the end of each day, by some of the methods where they are named; nothing where no days are known. */
export function cumulativeLifts(
  analysis: Analysis,
  health: readonly HealthFinding[],
  methods?: readonly ExperimentMethod[],
): DayFinding[] {
  const { spec } = analysis
  return spec.treatments.flatMap((treatment) =>
    spec.outcomes.flatMap((outcome) =>
      scales.flatMap((scale) =>
        methodsOverTime(analysis, outcome, scale)
          .filter((method) => methods?.includes(method) ?? true)
          .flatMap((method) => dayByDay(analysis, health, { outcome, treatment, scale, method })),
      ),
    ),
  )
}

/** One method's answers at the end of each day. */
function dayByDay(analysis: Analysis, health: readonly HealthFinding[], question: Question): DayFinding[] {
  const { outcome, treatment, scale, method } = question
  const days = analysis.index.days.filter((day) => day !== null)
  const { looks } = methodRegistry[method]
  const unhealthy = refusalFor(health, { ...wholePopulation, outcome: outcome.name, treatment }) !== null
  let smallest = 1
  return days.map((day) => {
    const comparison = { outcome, treatment, scope: wholePopulation }
    const input = methodInput(analysis, comparison, scale, { day, looks: looks === 'plan' ? 'all' : 'own' })
    const place = { series: 'cumulative', day, daysSinceExposure: null } as const
    const row = rowOf(analysis, unhealthy, question, place, input)
    if (looks !== 'each' || row.pValue === null) return row
    // Each look by itself, instead of all of them again on each day.
    smallest = Math.min(smallest, row.pValue)
    return { ...row, pValue: smallest }
  })
}

/** Methods that need the units themselves only know them as they are now. */
function methodsOverTime({ spec }: Analysis, outcome: ExperimentOutcome, scale: Scale): ExperimentMethod[] {
  const methods = [fixedHorizonMethod(spec, outcome, scale), primaryMethod(spec, outcome, scale)]
  return [...new Set(methods)].filter((method) => ['cells', 'strata'].includes(methodRegistry[method].needs))
}

/** The effect on units by the days since their exposure, by the fixed-horizon method without covariates. */
export function liftsSinceExposure(analysis: Analysis, health: readonly HealthFinding[]): DayFinding[] {
  const { spec, evidence } = analysis
  // Days since exposure are not crossed with strata, and know of no clusters.
  if (spec.stratumWeights || analysis.isByCluster) return []
  const found = (outcome: string, arm: string, day: number) =>
    evidence.sinceExposure.find(
      (cell) => cell.outcome === outcome && cell.arm === arm && cell.daysSinceExposure === day,
    )
  const days = [...new Set(evidence.sinceExposure.map((cell) => cell.daysSinceExposure))].sort(
    (a, b) => a - b,
  )
  return spec.treatments.flatMap((treatment) =>
    spec.outcomes.flatMap((outcome) =>
      scales.flatMap((scale) =>
        days.flatMap((day) => {
          const t = found(outcome.name, treatment, day)
          const c = found(outcome.name, spec.control, day)
          const latest = methodInput(analysis, { outcome, treatment, scope: wholePopulation }, scale)
          if (!t || !c || !latest) return []
          const input = {
            ...latest,
            treatment: t,
            control: c,
            strata: [],
            looks: [{ day: null, treatment: t, control: c }],
          }
          const method = scale === 'absolute' ? ('difference_in_means' as const) : ('relative_lift' as const)
          const place = { series: 'since_exposure', day: null, daysSinceExposure: day } as const
          const unhealthy =
            refusalFor(health, { ...wholePopulation, outcome: outcome.name, treatment }) !== null
          return [rowOf(analysis, unhealthy, { outcome, treatment, scale, method }, place, input)]
        }),
      ),
    ),
  )
}

interface Question {
  readonly outcome: ExperimentOutcome
  readonly treatment: string
  readonly scale: Scale
  readonly method: ExperimentMethod
}

/** A day on which nothing can be said yet is a row without numbers. */
function rowOf(
  { spec }: Analysis,
  unhealthy: boolean,
  { outcome, treatment, scale, method }: Question,
  place: Pick<DayRow, 'series' | 'day' | 'daysSinceExposure'>,
  input: MethodInput | null,
): DayFinding {
  const entry = methodRegistry[method]
  const result = input && !unhealthy ? entry.compute(input) : null
  const known: MethodResult | null = result === null || isRefused(result) ? null : result
  const nTreated = input?.treatment.outcomeMoments.n ?? 0
  return {
    ...place,
    outcome: outcome.name,
    treatment,
    comparison: spec.control,
    method,
    scale,
    estimate: known?.estimate ?? null,
    stdError: known?.stdError ?? null,
    ciLower: known?.ciLower ?? null,
    ciUpper: known?.ciUpper ?? null,
    ciLevel: spec.ciLevel,
    ciKind: known ? entry.ciKind : null,
    pValue: known?.pValue ?? null,
    n: nTreated + (input?.control.outcomeMoments.n ?? 0),
    nTreated,
  }
}
