import type { ExperimentSpec } from '../../../core/experiment-spec.ts'
import {
  type BootstrapMeans,
  bootstrapMeans,
  bootstrapOutcomes,
  type OutcomeLayout,
  prepareBootstrap,
} from '../../../stats/index.ts'
import type { Scope } from './cell-index.ts'
import { armsOf, outcomeKind } from './outcome-variables.ts'
import { type ArmRows, armRows, rowsIn, type UnitRows } from './unit-rows.ts'

/** Replicates of all outcomes in one scope. */
export interface ReplicatedScope {
  readonly means: BootstrapMeans
  readonly layouts: ReadonlyMap<string, OutcomeLayout>
  /** Arms by their place among the replicates. */
  readonly armPlace: (arm: string) => number
}

/** The units of a scope, filtered and resampled at most once. */
export interface ScopeRows {
  /** Whether the units' values of an outcome are at hand: those of one set of metrics are. */
  readonly knows: (outcome: string) => boolean
  readonly ofArm: (scope: Scope, arm: string, outcome: string, own: 1 | 2) => ArmRows
  readonly replicated: (scope: Scope) => ReplicatedScope
}

/** Makes the rows of scopes findable; what was asked for once is kept, since every method asks for the same. */
export function makeScopeRows(spec: ExperimentSpec, rows: UnitRows): ScopeRows {
  const places = new Map<string, Int32Array>()
  const replicates = new Map<string, ReplicatedScope>()
  const placesOf = (scope: Scope, arm: string): Int32Array => {
    const key = JSON.stringify([scope.segmentName, scope.segmentValue, arm])
    const found = places.get(key) ?? rowsIn(rows, arm, scope)
    places.set(key, found)
    return found
  }
  return {
    knows: (outcome) => rows.variables.has(outcome),
    ofArm: (scope, arm, outcome, own) => armRows(rows, placesOf(scope, arm), outcome, own),
    replicated: (scope) => {
      const key = JSON.stringify([scope.segmentName, scope.segmentValue])
      const found = replicates.get(key) ?? replicate(spec, rows, (arm) => placesOf(scope, arm))
      replicates.set(key, found)
      return found
    },
  }
}

function replicate(
  spec: ExperimentSpec,
  rows: UnitRows,
  placesOf: (arm: string) => Int32Array,
): ReplicatedScope {
  const arms = armsOf(spec)
  const places = arms.map(placesOf)
  const all = Int32Array.from(places.flatMap((list) => [...list]))
  const pick = (values: Float64Array) => Float64Array.from(all, (row) => values[row]!)
  const { cluster } = rows
  const outcomes = spec.outcomes.filter(
    (outcome) => outcomeKind(outcome) !== 'quantile' && rows.variables.has(outcome.name),
  )
  const { units, layouts } = bootstrapOutcomes(
    {
      // Units of one cluster are taken together.
      keys: cluster ? Array.from(all, (row) => cluster.texts[cluster.codes[row]!] ?? '') : pick(rows.keys),
      arm: Uint8Array.from(places.flatMap((list, arm) => Array.from(list, () => arm))),
      arms: arms.length,
    },
    outcomes.map((outcome) => {
      const [y, d] = rows.variables.get(outcome.name)!
      return outcomeKind(outcome) === 'ratio'
        ? { kind: 'ratio', numerator: pick(y!), denominator: pick(d!) }
        : { kind: 'mean', values: pick(y!) }
    }),
  )
  return {
    means: bootstrapMeans(prepareBootstrap(units), spec.bootstrap),
    layouts: new Map(outcomes.map(({ name }, place) => [name, layouts[place]!])),
    armPlace: (arm) => arms.indexOf(arm),
  }
}
