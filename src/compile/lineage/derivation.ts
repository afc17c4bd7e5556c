import type { ColumnInfluence, ColumnInput, ColumnRef, InfluenceRole, InputKind } from './column-lineage.ts'

/*
 * What one value is made from, and how derivations add up when expressions and queries are put together.
 */

export type Influences = ReadonlyMap<string, ColumnInfluence>

export interface Derivation {
  readonly inputs: ReadonlyMap<string, ColumnInput>
  readonly influences: Influences
  readonly isUnknown: boolean
}

export const noInfluences: Influences = new Map()

/** A constant. */
export const nothing: Derivation = { inputs: new Map(), influences: noInfluences, isUnknown: false }

/** A value of which nobody knows where it comes from. */
export const unknown: Derivation = { ...nothing, isUnknown: true }

/** The value of a column as it is. */
export function copyOf({ relation, column }: ColumnRef): Derivation {
  return {
    inputs: new Map([[columnKey({ relation, column }), { relation, column, kind: 'copy' }]]),
    influences: noInfluences,
    isUnknown: false,
  }
}

/** One string for a column, for maps. */
export function columnKey({ relation, column }: ColumnRef): string {
  return `${relation}\n${column}`
}

/** Everything that goes into any of the values. An input that gets in by two ways keeps the later kind. */
export function merge(derivations: readonly Derivation[]): Derivation {
  const [first, ...rest] = derivations.length > 1 ? derivations.filter(saysSomething) : derivations
  if (first === undefined) return nothing
  if (rest.length === 0) return first
  const inputs = new Map(first.inputs)
  for (const derivation of rest)
    for (const [key, input] of derivation.inputs) {
      const known = inputs.get(key)
      if (!known || rank[known.kind] < rank[input.kind]) inputs.set(key, input)
    }
  return {
    inputs,
    influences: mergeInfluences([first.influences, ...rest.map(({ influences }) => influences)]),
    isUnknown: first.isUnknown || rest.some(({ isUnknown }) => isUnknown),
  }
}

/** Constants add nothing. */
function saysSomething({ inputs, influences, isUnknown }: Derivation): boolean {
  return inputs.size > 0 || influences.size > 0 || isUnknown
}

const rank: Readonly<Record<InputKind, number>> = { copy: 0, transformation: 1, aggregation: 2 }

/** The value after an operation on it: its inputs are of that kind at least. */
export function raised(derivation: Derivation, kind: InputKind): Derivation {
  let isLower = false
  for (const input of derivation.inputs.values()) if (rank[input.kind] < rank[kind]) isLower = true
  if (!isLower) return derivation
  const inputs = new Map(
    [...derivation.inputs].map(([key, input]) => [
      key,
      rank[input.kind] < rank[kind] ? { ...input, kind } : input,
    ]),
  )
  const { influences, isUnknown } = derivation
  return { inputs, influences, isUnknown }
}

/** What a value decides when it filters, joins, groups or orders. */
export function influenceOf(derivation: Derivation, role: InfluenceRole): Influences {
  if (derivation.inputs.size === 0) return derivation.influences
  const influences = new Map(derivation.influences)
  for (const [key, { relation, column }] of derivation.inputs)
    influences.set(`${role}\n${key}`, { relation, column, role })
  return influences
}

export function mergeInfluences(all: readonly Influences[]): Influences {
  const filled = all.filter(({ size }) => size > 0)
  if (filled.length < 2) return filled[0] ?? noInfluences
  return new Map(filled.flatMap((influences) => [...influences]))
}

/** The value with more that decides about it. */
export function influenced(derivation: Derivation, ...more: readonly Influences[]): Derivation {
  const { inputs, influences, isUnknown } = derivation
  return { inputs, influences: mergeInfluences([influences, ...more]), isUnknown }
}

/** Whether two derivations say the same; both have grown from the same start, so sizes and kinds suffice. */
export function sameDerivation(a: Derivation, b: Derivation): boolean {
  return (
    a.isUnknown === b.isUnknown &&
    a.influences.size === b.influences.size &&
    a.inputs.size === b.inputs.size &&
    [...a.inputs].every(([key, { kind }]) => b.inputs.get(key)?.kind === kind)
  )
}
