import type { ExperimentSpec } from '../../../core/experiment-spec.ts'
import {
  type BootstrapMeans,
  bootstrapMeans,
  bootstrapOutcomes,
  type OutcomeLayout,
  type PreparedBootstrap,
  prepareBootstrap,
} from '../../../stats/index.ts'
import { resampleMeans } from '../../resampling/resample-means.ts'
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
  /** Whether the units' values of an outcome are at hand. */
  readonly knows: (outcome: string) => boolean
  readonly ofArm: (scope: Scope, arm: string, outcome: string, own: 1 | 2) => ArmRows
  readonly replicated: (scope: Scope) => ReplicatedScope
}

/** Makes the rows of scopes findable; what was asked for once is kept, since every method asks for the same. */
export function makeScopeRows(
  spec: ExperimentSpec,
  rows: UnitRows,
  known: ReadonlyMap<string, ReplicatedScope> = new Map(),
): ScopeRows {
  const places = new Map<string, Int32Array>()
  const replicates = new Map(known)
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
      const key = scopeKey(scope)
      let found = replicates.get(key)
      if (!found) {
        const { prepared, ...places } = prepareScope(spec, rows, (arm) => placesOf(scope, arm))
        found = { ...places, means: bootstrapMeans(prepared, spec.bootstrap) }
        replicates.set(key, found)
      }
      return found
    },
  }
}

function scopeKey({ segmentName, segmentValue }: Scope): string {
  return JSON.stringify([segmentName, segmentValue])
}

/** The replicates of all scopes that have any, resampled on several threads; every digit is that of one. */
export async function resampleScopes(
  spec: ExperimentSpec,
  rows: UnitRows,
  scopes: readonly Scope[],
  threads: number,
): Promise<ReadonlyMap<string, ReplicatedScope>> {
  const replicates = new Map<string, ReplicatedScope>()
  for (const scope of scopes) {
    // What was prepared is as large as the units, and not needed again.
    const { prepared, ...places } = prepareScope(spec, rows, (arm) => rowsIn(rows, arm, scope))
    const means = await resampleMeans(prepared, spec.bootstrap, { threads })
    replicates.set(scopeKey(scope), { ...places, means })
  }
  return replicates
}

/** The units of a scope, ready to be resampled, and where each outcome stands in its replicates. */
function prepareScope(
  spec: ExperimentSpec,
  rows: UnitRows,
  placesOf: (arm: string) => Int32Array,
): Omit<ReplicatedScope, 'means'> & { readonly prepared: PreparedBootstrap } {
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
    prepared: prepareBootstrap(units),
    layouts: new Map(outcomes.map(({ name }, place) => [name, layouts[place]!])),
    armPlace: (arm) => arms.indexOf(arm),
  }
}
