/*
 * A selection as data: what `--select`, `--exclude` and selectors in YAML are parsed into, and what select carries
 * out. Sets are combined; a criterion is one set.
 */

/** When a test comes along with the nodes that it checks, though it was not named itself. */
export type IndirectSelection =
  /** As soon as one of its parents is selected. */
  | 'eager'
  /** When all its parents are selected. */
  | 'cautious'
  /** When all its parents are selected, or are ancestors of what is. */
  | 'buildable'
  /** Never. */
  | 'empty'

export const indirectSelections = [
  'eager',
  'cautious',
  'buildable',
  'empty',
] as const satisfies IndirectSelection[]

/** One criterion: nodes that a method finds, with relatives. */
export interface Criterion {
  readonly kind: 'criterion'
  /** As it was written. */
  readonly raw: string
  readonly method: string
  /** What follows the method's name after dots: `materialized` in `config.materialized:view`. */
  readonly methodArguments: readonly string[]
  readonly value: string
  /** Steps towards parents to take in: 0 for none, Infinity for all. */
  readonly parentsDepth: number
  /** Steps towards children to take in. */
  readonly childrenDepth: number
  /** `@`: all descendants, and all that those depend on. */
  readonly childrensParents: boolean
  readonly indirectSelection: IndirectSelection
}

export interface SelectionSet {
  readonly kind: 'union' | 'intersection' | 'difference'
  readonly raw: string
  /** For a difference: what is included, then what is taken away. */
  readonly parts: readonly SelectionSpec[]
  readonly indirectSelection: IndirectSelection
  /** Whether it is worth a warning when nothing matches: somebody wrote it, it is no default. */
  readonly expectsMatch: boolean
}

export type SelectionSpec = Criterion | SelectionSet
