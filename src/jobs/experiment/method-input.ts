import type { ExperimentOutcome, ExperimentSpec } from '../../core/experiment-spec.ts'
import { areArmsByCluster } from './data/arms-by-cluster.ts'
import { type CellIndex, type Scope, wholePopulation } from './data/cell-index.ts'
import type { Evidence } from './data/evidence.ts'
import { armsOf } from './data/outcome-variables.ts'
import { makeScopeRows, type ScopeRows } from './data/scope-rows.ts'
import type { ArmPair, MethodInput, Needs, Scale } from './methods/method.ts'
import { makeSequentialDesign, type SequentialDesign } from './sequential-design.ts'

/** Everything that estimates are made from: what is asked, what is known, and where to find it. */
export interface Analysis {
  readonly spec: ExperimentSpec
  readonly evidence: Evidence
  readonly index: CellIndex
  readonly design: SequentialDesign
  /** Whether arms were given to clusters (or the blocks of a switchback) as a whole. */
  readonly isByCluster: boolean
  /** Null where no method needs the units themselves. */
  readonly scopeRows: ScopeRows | null
}

/** Puts together what all the tables of an experiment are made from. */
export function makeAnalysis(spec: ExperimentSpec, evidence: Evidence, index: CellIndex): Analysis {
  const arms = armsOf(spec)
  const days = index.days.map((day) => ({
    day,
    units: arms.reduce((sum, arm) => sum + index.unitsOf(arm, wholePopulation, { day }), 0),
  }))
  return {
    spec,
    evidence,
    index,
    design: makeSequentialDesign(spec.sequential, days, spec.ciLevel),
    isByCluster: evidence.rows ? areArmsByCluster(evidence.rows) : spec.cluster !== undefined,
    scopeRows: evidence.rows && makeScopeRows(spec, evidence.rows, evidence.replicates),
  }
}

/** One comparison: an outcome of a treatment against the control, in one scope. */
export interface Comparison {
  readonly outcome: ExperimentOutcome
  readonly treatment: string
  readonly scope: Scope
}

/** What of a comparison a method is given. */
export interface InputOptions {
  readonly ciLevel?: number
  /** The end of which day is meant; the last one if not given. */
  readonly day?: string | null
  readonly needs?: Needs
  /** The states at the ends of all days so far, or that of this day alone. */
  readonly looks?: 'all' | 'own'
}

/** What a method is given for a comparison; null where an arm has no units there. */
export function methodInput(
  { spec, index, design, isByCluster, scopeRows }: Analysis,
  { outcome, treatment, scope }: Comparison,
  scale: Scale,
  options: InputOptions = {},
): MethodInput | null {
  const { ciLevel = spec.ciLevel, day = index.latest, needs = 'cells', looks = 'all' } = options
  const pairAt = (place: { day?: string | null; stratum?: string }): ArmPair | null => {
    const t = index.find(outcome.name, treatment, scope, { day, ...place })
    const c = index.find(outcome.name, spec.control, scope, { day, ...place })
    return t && c ? { treatment: t, control: c } : null
  }
  const pair = pairAt({})
  if (!pair) return null
  const isPopulation = scope.segmentName === null
  const strata = isPopulation ? index.strata : []
  const own = pair.treatment.variables[1] === 'd' ? 2 : 1
  const rowsOf = ({ ofArm }: ScopeRows, arm: string) => ofArm(scope, arm, outcome.name, own)
  const replicated = needs === 'replicates' && scopeRows ? scopeRows.replicated(scope) : null
  return {
    ...pair,
    spec,
    outcome,
    scale,
    ciLevel,
    design,
    isByCluster,
    strata: strata.flatMap((stratum) => {
      const found = pairAt({ stratum })
      return found ? [{ stratum, ...found }] : []
    }),
    looks:
      looks === 'own'
        ? [{ day, ...pair }]
        : index.days.slice(0, index.days.indexOf(day) + 1).flatMap((look) => {
            const found = pairAt({ day: look })
            return found ? [{ day: look, ...found }] : []
          }),
    rows:
      needs === 'rows' && scopeRows?.knows(outcome.name)
        ? { treatment: rowsOf(scopeRows, treatment), control: rowsOf(scopeRows, spec.control) }
        : null,
    replicated: replicated && {
      ...replicated,
      arms: { treatment: replicated.armPlace(treatment), control: replicated.armPlace(spec.control) },
    },
  }
}
