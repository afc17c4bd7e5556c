import {
  type ClusterRobustInference,
  clusterRobustRegression,
  isRefused,
  quantileDifference,
  quantileSampleOf,
  type Refusal,
  refuse,
  regressionAdjustment,
  regressionAdjustmentRows,
  switchbackEffect,
} from '../../../stats/index.ts'
import { isRatio } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import type { ArmRows } from '../data/unit-rows.ts'
import { resultOf } from './means.ts'
import type { MethodEntry, MethodInput, MethodResult, Scale } from './method.ts'

/*
 * Methods that look at units one by one: regression with a robust variance, clusters and quantiles.
 */

const bothScales = (): readonly Scale[] => ['absolute', 'relative']

/** The rows of both arms, or why there are none. */
export function rowsOf(input: MethodInput): { treatment: ArmRows; control: ArmRows } | Refusal {
  return input.rows ?? refuse('the units themselves are not at hand, only their sums')
}

/** The rows whose variables are all known. */
export function completeRows(rows: ArmRows): ArmRows {
  const kept: number[] = []
  for (let row = 0; row < rows.n; row++)
    if (rows.variables.every((values) => !Number.isNaN(values[row]!))) kept.push(row)
  if (kept.length === rows.n) return rows
  return {
    n: kept.length,
    keys: Float64Array.from(kept, (row) => rows.keys[row]!),
    variables: rows.variables.map((values) => Float64Array.from(kept, (row) => values[row]!)),
    others: rows.others.map((values) => Float64Array.from(kept, (row) => values[row]!)),
    clusters: rows.clusters && Int32Array.from(kept, (row) => rows.clusters![row]!),
  }
}

/** Lin's regression: HC2 from the units where they are at hand, otherwise each arm's own residual variance. */
function regression(input: MethodInput): MethodResult | Refusal {
  const { treatment, control, scale, ciLevel, rows } = input
  const ratio = isRatio(treatment)
  const fromRows = rows !== null && !ratio
  const effect = fromRows
    ? regressionAdjustmentRows(adjustmentRows(rows.treatment), adjustmentRows(rows.control), {
        scale,
        ciLevel,
      })
    : regressionAdjustment(treatment.moments, control.moments, {
        scale,
        ciLevel,
        outcome: ratio ? 'ratio' : 'mean',
      })
  if (isRefused(effect)) return effect
  return resultOf(effect, input, {
    variance: fromRows ? 'HC2' : 'residual variance of each arm',
    thetas_treated: effect.treatmentThetas,
    thetas_control: effect.controlThetas,
    adjusted_mean_treated: effect.treatmentMean,
    adjusted_mean_control: effect.controlMean,
  })
}

function adjustmentRows(rows: ArmRows) {
  const [outcome, ...covariates] = completeRows(rows).variables
  return { outcome: outcome!, covariates }
}

/**
 * The effect on units of which those of one cluster vary together; covariates are adjusted for where all clusters have
 * them. A ratio is taken in its linear form, whose mean it is, without covariates.
 */
export function clusterRobustEffect(input: MethodInput): ClusterRobustInference | Refusal {
  const rows = rowsOf(input)
  if (isRefused(rows)) return rows
  const ratio = isRatio(input.treatment)
  const t = ratio ? linearRows(rows.treatment) : completeRows(rows.treatment)
  if (isRefused(t)) return t
  const c = ratio ? linearRows(rows.control) : completeRows(rows.control)
  if (isRefused(c)) return c
  if (!t.clusters || !c.clusters) return refuse('no cluster is declared')
  const join = (a: Float64Array | Int32Array, b: Float64Array | Int32Array): Float64Array => {
    const both = new Float64Array(a.length + b.length)
    both.set(a)
    both.set(b, a.length)
    return both
  }
  const [outcome, ...covariates] = t.variables.map((values, place) => join(values, c.variables[place]!))
  return clusterRobustRegression(
    {
      treated: join(new Float64Array(t.n).fill(1), new Float64Array(c.n)),
      outcome: outcome!,
      cluster: join(t.clusters, c.clusters),
      covariates,
    },
    { scale: input.scale, ciLevel: input.ciLevel },
  )
}

/** Of each unit what it adds to its arm's ratio to the first order: R + (y − R·d)/d̄, whose mean is R. */
function linearRows(rows: ArmRows): ArmRows | Refusal {
  const [y, d] = rows.variables as [Float64Array, Float64Array]
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
  const denominator = sum(d) / rows.n
  if (!(denominator !== 0)) return refuse('the denominator of the ratio sums to zero')
  const ratio = sum(y) / sum(d)
  return { ...rows, variables: [y.map((value, unit) => ratio + (value - ratio * d[unit]!) / denominator)] }
}

function clusterRobust(input: MethodInput): MethodResult | Refusal {
  const effect = clusterRobustEffect(input)
  if (isRefused(effect)) return effect
  return resultOf(effect, input, {
    clusters: effect.clusters,
    correction: 'CR2',
    adjusted_mean_treated: effect.treatmentMean,
    adjusted_mean_control: effect.controlMean,
  })
}

/** The blocks of a switchback as its units: the means of what their carry-over left, compared by Welch's test. */
function blockMeans(input: MethodInput): MethodResult | Refusal {
  const rows = rowsOf(input)
  if (isRefused(rows)) return rows
  if (isRatio(input.treatment)) return refuse('a ratio of sums has no mean in a block')
  const periodsOf = ({ n, clusters, variables: [outcome] }: ArmRows, treated: boolean) =>
    Array.from({ length: n }, (_, row) => ({
      sequence: '',
      block: String(clusters?.[row]),
      treated,
      outcome: outcome![row]!,
    }))
  const periods = [...periodsOf(rows.treatment, true), ...periodsOf(rows.control, false)]
  // Periods that may feel the block before were not fetched.
  const effect = switchbackEffect(periods, { carryOver: 0, ciLevel: input.ciLevel })
  if (isRefused(effect)) return effect
  return resultOf(effect, input, { blocks: effect.blocks, carry_over: input.spec.switchback?.carryOver ?? 0 })
}

/** The difference of a quantile between the arms, its variance from the order statistics around it. */
function quantileEffect(input: MethodInput): MethodResult | Refusal {
  const { outcome, scale, ciLevel } = input
  const rows = rowsOf(input)
  if (isRefused(rows)) return rows
  const { source } = outcome
  const level = 'quantile' in source ? source.quantile : undefined
  if (level === undefined) return refuse('the outcome is no quantile')
  if ('level' in source && source.level === 'event')
    return refuse('the rows of units are not kept, so that quantiles of single rows cannot be told')
  const sample = ({ variables: [values], clusters }: ArmRows) =>
    quantileSampleOf(values ?? [], level, clusters ? { units: clusters } : {})
  const t = sample(rows.treatment)
  if (isRefused(t)) return t
  const c = sample(rows.control)
  if (isRefused(c)) return c
  return resultOf(quantileDifference(t, c, { scale, ciLevel }), input, {
    quantile: level,
    quantile_treated: t.quantile,
    quantile_control: c.quantile,
  })
}

export const rowMethods = {
  regression_adjustment: {
    scales: bothScales,
    ciKind: 'fixed_horizon',
    needs: 'rows',
    applies: (outcome) => outcomeKind(outcome) !== 'quantile' && outcome.covariates.length > 0,
    compute: regression,
  },
  cluster_robust: {
    scales: bothScales,
    ciKind: 'fixed_horizon',
    needs: 'rows',
    applies: (outcome, spec) => outcomeKind(outcome) !== 'quantile' && spec.cluster !== undefined,
    compute: clusterRobust,
  },
  block_means: {
    scales: () => ['absolute'],
    ciKind: 'fixed_horizon',
    needs: 'rows',
    applies: (outcome, spec) =>
      spec.switchback !== undefined && ['mean', 'proportion'].includes(outcomeKind(outcome)),
    compute: blockMeans,
  },
  quantile_difference: {
    scales: bothScales,
    ciKind: 'fixed_horizon',
    needs: 'rows',
    applies: (outcome) => outcomeKind(outcome) === 'quantile',
    compute: quantileEffect,
  },
} as const satisfies Record<string, MethodEntry>
