import { wayOf } from '../../../core/causal-graph/plan-identification.ts'
import type { CausalEstimator } from '../../../core/causal-spec.ts'
import type { MediatedUnits } from '../../../stats/causal/mediation.ts'
import { drawnLinear, type LinearUnits } from '../../../stats/causal/refuters/linear-units.ts'
import { drawnMediated } from '../../../stats/causal/refuters/mediated-units.ts'
import type { DrawnUnits, PermutedTreatment } from '../../../stats/causal/refuters/perturbation.ts'
import type { TreatedUnits } from '../../../stats/causal/units.ts'
import { type Refusal, refuse } from '../../../stats/index.ts'
import { withIntercept } from '../../../stats/regression/design.ts'
import { labelsOf } from '../causal-data.ts'
import { amountsOf } from '../data/causal-rows.ts'
import { foldsOf } from '../estimators/double-machine-learning.ts'
import type { Tried } from './found.ts'

/** What refuters change and estimate anew, as plain data that threads are given. */
export type RefutedUnits =
  | {
      readonly kind: 'adjusted'
      readonly units: TreatedUnits
      /** Of cross-fitting: the fold of each unit, split by split. */
      readonly folds: readonly Uint8Array[]
      /** What units have to agree in to be compared. */
      readonly strata: Int32Array | null
    }
  | {
      /** A treatment of any value, cross-fitted. */
      readonly kind: 'amounts'
      readonly units: LinearUnits
      readonly folds: readonly Uint8Array[]
    }
  | { readonly kind: 'linear'; readonly units: LinearUnits }
  | { readonly kind: 'mediated'; readonly units: MediatedUnits }

/** The units that the estimate rests on, in the form that its method looks at. */
export function refutedUnits(tried: Tried): RefutedUnits | Refusal {
  const { spec, data, estimator, outcome, population } = tried
  const { rows } = data
  if (!rows) return refuse('the units are not at hand')
  const isContinuous = spec.treatment.kind === 'continuous'
  const columns = (nodes: readonly string[]): Float64Array[] =>
    labelsOf(data, nodes).map((label) => rows.values.get(label)!)
  const values = { n: rows.n, outcome: rows.values.get(outcome.outcome)! }
  const { plan } = outcome
  switch (wayOf(estimator.method)) {
    case 'instrument': {
      const { names, given } = plan.instruments!
      const used = estimator.method === 'wald' ? names.slice(0, 1) : names
      const linear = { treatment: amountsOf(rows), instruments: columns(used), controls: columns(given) }
      return { kind: 'linear', units: { ...values, ...linear } }
    }
    case 'frontdoor': {
      const mediators = columns(plan.frontdoorSet!)
      return { kind: 'mediated', units: { ...values, treatment: amountsOf(rows), mediators, covariates: [] } }
    }
    case 'backdoor': {
      const controls = columns(plan.adjustmentSet!)
      if (isContinuous) {
        const units = { ...values, treatment: amountsOf(rows), instruments: [], controls }
        const folds = foldsFor(estimator, rows.keys, spec.seed)
        return estimator.method === 'dml_plr' ? { kind: 'amounts', units, folds } : { kind: 'linear', units }
      }
      const exact = 'exact' in estimator ? estimator.exact : []
      const design = withIntercept(rows.n, controls)
      const own = { ...values, treatment: rows.treatment, propensityDesign: design, outcomeDesign: design }
      return {
        kind: 'adjusted',
        units: population?.units ?? own,
        folds: foldsFor(estimator, population?.keys ?? rows.keys, spec.seed),
        strata: population?.strataOf(exact) ?? null,
      }
    }
    default:
      return refuse(`'${estimator.method}' stands for no effect`)
  }
}

function foldsFor(estimator: CausalEstimator, keys: readonly string[], seed: number): Uint8Array[] {
  return 'folds' in estimator ? foldsOf(keys, estimator, seed) : []
}

/** The units as placebos and other draws see them. */
export function drawnUnits(refuted: RefutedUnits): DrawnUnits<PermutedTreatment> {
  switch (refuted.kind) {
    case 'adjusted':
      return refuted.units
    case 'amounts':
    case 'linear':
      return drawnLinear(refuted.units)
    case 'mediated':
      return drawnMediated(refuted.units)
  }
}
