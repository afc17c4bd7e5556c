import type { CausalOutcome } from '../../core/causal-spec.ts'
import type { CheckRow, PanelRefutationRow } from '../../core/did-tables.ts'
import { instantOf, isInstant } from '../../core/instant.ts'
import type { SeriesSpec } from '../../core/quasi-spec.ts'
import { interruptedSeries } from '../../stats/causal/panel/interrupted-series.ts'
import { changeInDifferences } from '../../stats/causal/panel/two-by-two.ts'
import { short } from '../../stats/causal/refuters/refute.ts'
import { momentsOf } from '../../stats/experiment/arm-moments.ts'
import { isRefused, type Refusal, refuse } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import type { JobRunner } from '../job.ts'
import { fetchColumns, type NumberColumns } from './fetch-columns.ts'
import { type QuasiFound, quasiEstimate, quasiRefutation, quasiTables } from './quasi-tables.ts'

/** Answers what a change at one time did to a series. */
export const runSeries: JobRunner<SeriesSpec> = async (spec, context) => {
  const { data, outcomes, covariates, missing } = spec
  const columns = [data.time, ...outcomes.map(({ column }) => column), ...covariates]
  const rows = await fetchColumns(
    { ref: data.ref, where: data.where, columns: [...new Set(columns)], missing, mayBeDated: true },
    context,
  )
  const origin = { job: context.job.name, runId: context.runId, asOf: spec.asOf }
  const found = outcomes.map((outcome) => analyseSeries(spec, rows, origin, outcome))
  return quasiTables(spec, context, found, ' after it', [
    `Without ${spec.treatment} the series would have gone on along its line${covariates.length > 0 ? `, given ${covariates.join(', ')}` : ''}.`,
    'Nothing else changed at that time: a series that was not touched, among the covariates, would show it.',
  ])
}

const placeboLevel = 0.05
/** Months differ in length by a ninth; more is a gap. */
const longestStep = 1.2

/** All that is found of one outcome. */
export function analyseSeries(
  spec: SeriesSpec,
  { values, incomplete, isDated }: NumberColumns,
  origin: TableOrigin,
  outcome: CausalOutcome,
): QuasiFound {
  const times = values.get(spec.data.time)!
  const changed = timeOf(spec.changedAt, isDated)
  const changedAt = times.findIndex((time) => time >= changed)
  const lack = whyNoSeries(times, changed, changedAt)
  const y = values.get(outcome.column)!
  const covariates = spec.covariates.map((column) => values.get(column)!)
  const time = Float64Array.from(times, (_, index) => index)
  const options = { ciLevel: spec.ciLevel, ...(spec.lags !== undefined && { lags: spec.lags }) }
  const fitted = lack ?? interruptedSeries({ time, outcome: y, changedAt, covariates }, options)
  const fit = isRefused(fitted) ? inWords(fitted, spec.covariates) : fitted
  const nTreated = changedAt < 0 ? 0 : y.length - changedAt
  const lags = isRefused(fit) ? null : fit.lags
  const row = (
    method: string,
    estimand: string,
    convention: string,
    result: Parameters<typeof quasiEstimate>[3],
  ) =>
    quasiEstimate(
      spec,
      origin,
      { outcome: outcome.name, method, estimand, n: y.length, nTreated, diagnostics: { convention, lags } },
      result,
    )
  const naive =
    lack ??
    changeInDifferences(
      { treated: momentsOf(y.slice(changedAt)), control: momentsOf(y.slice(0, changedAt)) },
      { ciLevel: spec.ciLevel },
    )
  const convention = `Newey and West with ${lags ?? 'no'} lags, n/(n − k), Student's t`
  const of = (part: 'average' | 'level' | 'slope') => (isRefused(fit) ? fit : fit[part])
  const method = 'segmented_regression'
  const estimates = [
    row('before_after', 'association', 'means after and before; Welch', naive),
    row(method, 'att', convention, of('average')),
    row(method, 'level_change', convention, of('level')),
    row(method, 'slope_change', convention, of('slope')),
  ]
  const checks: CheckRow[] = [
    {
      ...{ ...origin, outcome: outcome.name, checkName: 'series', statistic: null, pValue: null },
      verdict: lack ? 'fails' : incomplete > 0 ? 'warning' : 'ok',
      message: lack
        ? lack.refused
        : `${changedAt} times before the change and ${nTreated} after${incomplete > 0 ? `; ${incomplete} left out since something is not known of them` : ''}`,
    },
  ]
  const refutations: PanelRefutationRow[] = isRefused(fit)
    ? []
    : [placeboDate(origin, estimates[1]!, { time, y, covariates, changedAt }, options)]
  return { outcome, estimates, checks, refutations, headline: { method, estimand: 'att' } }
}

/** The change as the times of the series are told; NaN where it is told otherwise. */
function timeOf(changedAt: string, isDated: boolean): number {
  if (!isDated) return Number(changedAt)
  return isInstant(changedAt) ? instantOf(changedAt) / 1000 : Number.NaN
}

/** With the covariates' names for their columns, which follow intercept, time, level and slope. */
function inWords({ refused }: Refusal, covariates: readonly string[]): Refusal {
  return refuse(refused.replace(/\bcolumn (\d+)\b/, (found, place) => covariates[Number(place) - 4] ?? found))
}

function whyNoSeries(times: Float64Array, changed: number, changedAt: number): Refusal | null {
  if (times.length < 2) return refuse(`a series needs more than ${times.length} times`)
  if (Number.isNaN(changed)) return refuse('changed_at is not told as the times are')
  if (changedAt < 0) return refuse('the change lies after the last time of the series')
  const steps = times.slice(1).map((time, index) => time - times[index]!)
  const [least, most] = [Math.min(...steps), Math.max(...steps)]
  if (least === 0) return refuse('a time has several rows: a series has one')
  if (most > longestStep * least)
    return refuse(
      'the times are not equally far apart: fill the gaps in the model, or group them into longer ones',
    )
  return null
}

/** A change in the middle of the time before the change, when nothing happened. */
function placeboDate(
  origin: TableOrigin,
  shown: QuasiFound['estimates'][number],
  series: {
    readonly time: Float64Array
    readonly y: Float64Array
    readonly covariates: readonly Float64Array[]
    readonly changedAt: number
  },
  options: { readonly ciLevel: number; readonly lags?: number },
): PanelRefutationRow {
  const { changedAt } = series
  const at = Math.ceil(changedAt / 2)
  const effect = interruptedSeries(
    {
      ...{ time: series.time.slice(0, changedAt), outcome: series.y.slice(0, changedAt), changedAt: at },
      covariates: series.covariates.map((column) => column.slice(0, changedAt)),
    },
    options,
  )
  if (isRefused(effect))
    return quasiRefutation(origin, shown, {
      ...{ refuter: 'placebo_date', verdict: 'not_evaluated', message: `not evaluated: ${effect.refused}` },
    })
  const { estimate, stdError, pValue } = effect.average
  const passes = pValue >= placeboLevel
  return quasiRefutation(origin, shown, {
    ...{ refuter: 'placebo_date', verdict: passes ? 'passes' : 'fails' },
    message: `${passes ? 'passes' : 'fails'}: a change ${changedAt - at} times earlier, when there was none, would have an effect of ${short(estimate)}, ${passes ? 'within noise' : 'not the 0 that it should be'} (±${short(1.96 * stdError)})`,
    ...{ newEffect: estimate, spread: stdError, pValue },
  })
}
