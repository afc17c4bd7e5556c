import type { CausalOutcome } from '../../core/causal-spec.ts'
import type { CheckRow, PanelRefutationRow } from '../../core/did-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import type { DiscontinuitySpec } from '../../core/quasi-spec.ts'
import { densityJump } from '../../stats/causal/panel/density-jump.ts'
import { regressionDiscontinuity } from '../../stats/causal/panel/regression-discontinuity.ts'
import { changeInDifferences } from '../../stats/causal/panel/two-by-two.ts'
import { short } from '../../stats/causal/refuters/refute.ts'
import { momentsOf } from '../../stats/experiment/arm-moments.ts'
import { isRefused } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import type { JobRunner } from '../job.ts'
import { fetchColumns, type NumberColumns } from './fetch-columns.ts'
import { type QuasiFound, quasiEstimate, quasiRefutation, quasiTables } from './quasi-tables.ts'

/** Answers what a treatment does to units at the cutoff that decides on it. */
export const runDiscontinuity: JobRunner<DiscontinuitySpec> = async (spec, context) => {
  const { data, running, outcomes, covariates, taken, missing } = spec
  const columns = [running, ...outcomes.map(({ column }) => column), ...covariates, ...(taken ? [taken] : [])]
  const rows = await fetchColumns(
    { ref: data.ref, where: data.where, columns: [...new Set(columns)], missing, mayBeDated: false },
    context,
  )
  const origin = { job: context.job.name, runId: context.runId, asOf: spec.asOf }
  const found = outcomes.map((outcome) => analyseDiscontinuity(spec, rows, origin, outcome))
  return quasiTables(spec, context, found, ' at the cutoff', [
    `Units just ${spec.treatedSide} ${running} ${spec.cutoff} are like those on the other side, but for ${spec.treatment}.`,
    'Nobody chose on which side to be, and nothing else changes at the cutoff.',
    'The effect is that on units at the cutoff; farther away it may be another.',
  ])
}

const placeboLevel = 0.05
/** Units that crowd on one side, and covariates that jump, have to be this surprising to be called so. */
const checkLevel = 0.01

/** All that is found of one outcome. */
export function analyseDiscontinuity(
  spec: DiscontinuitySpec,
  { values, incomplete }: NumberColumns,
  origin: TableOrigin,
  outcome: CausalOutcome,
): QuasiFound {
  // Treatment is at and above the cutoff; where it is below, the variable is turned around.
  const sign = spec.treatedSide === 'above' ? 1 : -1
  const running = values.get(spec.running)!.map((value) => sign * value)
  const cutoff = sign * spec.cutoff
  const taken = spec.taken === undefined ? undefined : values.get(spec.taken)!
  const y = values.get(outcome.column)!
  const options = { ciLevel: spec.ciLevel, kernel: spec.kernel }
  const fit = regressionDiscontinuity(
    { running, outcome: y, cutoff, ...(taken && { treatment: taken }) },
    { ...options, ...(spec.bandwidth !== undefined && { bandwidth: spec.bandwidth }) },
  )
  const isTreated = (unit: number): boolean => (taken ? taken[unit]! > 0 : running[unit]! >= cutoff)
  const arm = (treated: boolean) => momentsOf(y.filter((_, unit) => isTreated(unit) === treated))
  const naive = changeInDifferences({ treated: arm(true), control: arm(false) }, { ciLevel: spec.ciLevel })
  const estimand = taken ? 'late_at_cutoff' : 'ate_at_cutoff'
  const within = isRefused(fit)
    ? { n: y.length, nTreated: running.filter((value) => value >= cutoff).length }
    : { n: fit.nLeft + fit.nRight, nTreated: fit.nRight }
  const diagnostics = isRefused(fit)
    ? {}
    : {
        ...{ bandwidth: fit.bandwidth, bandwidth_rule: fit.bandwidthRule, kernel: spec.kernel },
        ...(fit.firstStage && { first_stage: fit.firstStage.estimate }),
      }
  const row = (method: string, convention: string, result: Parameters<typeof quasiEstimate>[3]) =>
    quasiEstimate(
      spec,
      origin,
      { outcome: outcome.name, method, estimand, ...within, diagnostics: { ...diagnostics, convention } },
      result,
    )
  const estimates = [
    quasiEstimate(
      spec,
      origin,
      {
        ...{ outcome: outcome.name, method: 'naive_difference', estimand: 'association', n: y.length },
        nTreated: y.filter((_, unit) => isTreated(unit)).length,
        diagnostics: { convention: 'treated and others, wherever they are; Welch' },
      },
      naive,
    ),
    row('local_linear', 'as if the two sides were lines; HC0', isRefused(fit) ? fit : fit.conventional),
    row(
      'robust_bias_corrected',
      'curvature taken out, with its uncertainty; HC0',
      isRefused(fit) ? fit : fit.robust,
    ),
  ]
  const headline = { method: 'robust_bias_corrected', estimand }
  const shown = estimates.at(-1)!
  const bandwidth = isRefused(fit) ? null : fit.bandwidth
  const jumpOf = (
    column: Float64Array,
    at = cutoff,
    only: (unit: number) => boolean = () => true,
    h?: number,
  ) => {
    const kept = [...running.keys()].filter(only)
    const pick = (all: Float64Array): Float64Array => Float64Array.from(kept, (unit) => all[unit]!)
    return regressionDiscontinuity(
      { running: pick(running), outcome: pick(column), cutoff: at },
      { ...options, ...(h !== undefined && { bandwidth: h }) },
    )
  }
  const check = (
    checkName: string,
    verdict: CheckRow['verdict'],
    message: string,
    p: number | null = null,
  ) => ({
    ...{ ...origin, outcome: outcome.name, checkName, verdict, statistic: null, pValue: p, message },
  })
  const checks: CheckRow[] = [
    check(
      'units',
      incomplete > 0 ? 'warning' : 'ok',
      `${y.length} units, ${within.n} of them within the bandwidth${bandwidth === null ? '' : ` of ${short(bandwidth)}`}${incomplete > 0 ? `; ${incomplete} left out since something is not known of them` : ''}`,
    ),
  ]
  if (bandwidth !== null) {
    const density = densityJump(running, cutoff, bandwidth)
    checks.push(
      isRefused(density)
        ? check('density', 'not_evaluated', `not evaluated: ${density.refused}`)
        : density.pValue < checkLevel
          ? check(
              'density',
              'fails',
              `units crowd on one side of the cutoff (p = ${short(density.pValue)}), as where somebody chooses it`,
              density.pValue,
            )
          : check(
              'density',
              'ok',
              `units do not crowd on one side of the cutoff (p = ${short(density.pValue)})`,
              density.pValue,
            ),
    )
  }
  for (const covariate of spec.covariates) {
    const jump = jumpOf(values.get(covariate)!)
    const name = `continuity_of_${covariate}`
    if (isRefused(jump)) {
      checks.push(check(name, 'not_evaluated', `not evaluated: ${jump.refused}`))
      continue
    }
    const { pValue, estimate } = jump.robust
    checks.push(
      pValue < checkLevel / spec.covariates.length
        ? check(
            name,
            'fails',
            `${covariate} jumps by ${short(estimate)} at the cutoff (p = ${short(pValue)}), though the treatment cannot move it`,
            pValue,
          )
        : check(name, 'ok', `${covariate} does not jump at the cutoff (p = ${short(pValue)})`, pValue),
    )
  }
  const refutations =
    shown.status === 'ok' && bandwidth !== null && !taken
      ? [
          ...placeboCutoffs(origin, shown, running, cutoff, (at, only) => jumpOf(y, at, only), sign),
          otherBandwidths(origin, shown, bandwidth, (h) => jumpOf(y, cutoff, () => true, h)),
        ]
      : []
  return { outcome, estimates, checks, refutations, headline }
}

type Jump = ReturnType<typeof regressionDiscontinuity>

/** The middle of each side as a cutoff, where nothing happens. */
function placeboCutoffs(
  origin: TableOrigin,
  shown: Estimate,
  running: Float64Array,
  cutoff: number,
  jumpAt: (at: number, only: (unit: number) => boolean) => Jump,
  sign: number,
): PanelRefutationRow[] {
  return [true, false].map((isRight) => {
    const only = (unit: number): boolean => running[unit]! >= cutoff === isRight
    const own = running.filter((_, unit) => only(unit)).sort()
    const at = own[own.length >> 1]!
    const where = short(sign * at)
    const jump = own.length === 0 ? null : jumpAt(at, only)
    if (jump === null || isRefused(jump))
      return quasiRefutation(origin, shown, {
        ...{ refuter: 'placebo_cutoff', verdict: 'not_evaluated' },
        message: `not evaluated at ${where}: ${jump?.refused ?? 'no units'}`,
      })
    const { estimate, stdError, pValue } = jump.robust
    const passes = pValue >= placeboLevel / 2
    return quasiRefutation(origin, shown, {
      ...{ refuter: 'placebo_cutoff', verdict: passes ? 'passes' : 'fails' },
      message: `${passes ? 'passes' : 'fails'}: at ${where}, where nothing happens, the jump is ${short(estimate)}, ${passes ? 'within noise' : 'not the 0 that it should be'} (±${short(1.96 * stdError)})`,
      ...{ newEffect: estimate, spread: stdError, pValue },
    })
  })
}

/** Half the bandwidth and twice of it: the intervals should hold the estimate. */
function otherBandwidths(
  origin: TableOrigin,
  shown: Estimate,
  bandwidth: number,
  jumpWithin: (h: number) => Jump,
): PanelRefutationRow {
  const tried = [0.5, 2].flatMap((factor) => {
    const jump = jumpWithin(factor * bandwidth)
    return isRefused(jump) ? [] : [{ h: factor * bandwidth, ...jump.robust }]
  })
  if (tried.length === 0)
    return quasiRefutation(origin, shown, {
      ...{ refuter: 'other_bandwidths', verdict: 'not_evaluated' },
      message: 'not evaluated: too few units near the cutoff for another bandwidth',
    })
  const passes = tried.every(
    ({ ciLower, ciUpper }) => ciLower <= shown.estimate! && shown.estimate! <= ciUpper,
  )
  const words = tried.map(({ h, estimate }) => `${short(estimate)} within ${short(h)}`).join(' and ')
  return quasiRefutation(origin, shown, {
    ...{ refuter: 'other_bandwidths', verdict: passes ? 'passes' : 'fails' },
    message: `${passes ? 'passes' : 'fails'}: the effect is ${words}, ${passes ? 'as good as' : 'and not'} the ${short(shown.estimate!)} within ${short(bandwidth)}`,
    newEffect: tried[0]!.estimate,
  })
}
