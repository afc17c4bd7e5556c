import { type Derivation, unknown } from './derivation.ts'

/*
 * The columns that a relation, a subquery or an entry of FROM offers, in order.
 */

export interface NamedColumn {
  readonly name: string
  readonly derivation: Derivation
}

/** Stands where there may be columns that nobody has told us of, such as those of an undeclared source. */
export interface RestOfColumns {
  readonly name: null
  /** What a column of that name, if there is one, is made from. */
  readonly column: (name: string) => Derivation
}

export type Column = NamedColumn | RestOfColumns

/** A rest of which not even a known name can be traced. */
export const untraceableRest: RestOfColumns = { name: null, column: () => unknown }

export function isRest(column: Column): column is RestOfColumns {
  return column.name === null
}

export function isNamed(column: Column): column is NamedColumn {
  return column.name !== null
}

/** What a set of columns says about a name. */
export type Finding =
  | { readonly kind: 'found'; readonly derivation: Derivation }
  /** It may be among the columns that are not known. */
  | { readonly kind: 'possible'; readonly derivation: Derivation }
  | { readonly kind: 'absent' }

/** Looks a name up. */
export function findColumn(columns: readonly Column[], name: string): Finding {
  const named = columns.find((column) => column.name === name)
  if (named && isNamed(named)) return { kind: 'found', derivation: named.derivation }
  const rests = columns.filter(isRest)
  if (rests.length === 0) return { kind: 'absent' }
  return { kind: 'possible', derivation: rests.length === 1 ? rests[0]!.column(name) : unknown }
}

/** Gives the first columns other names, as `as t (a, b)` does. */
export function renamed(columns: readonly Column[], names: readonly string[]): readonly Column[] {
  if (names.length === 0) return columns
  const rest = columns.findIndex(isRest)
  if (rest === -1 || rest >= names.length)
    return columns.map((column, index) =>
      isNamed(column) && index < names.length ? { ...column, name: names[index]! } : column,
    )
  // Which columns the later names fall on depends on how many columns there are.
  const known = (columns.slice(0, rest) as NamedColumn[]).map((column, index) => ({
    ...column,
    name: names[index]!,
  }))
  return [...known, ...names.slice(rest).map((name) => ({ name, derivation: unknown })), untraceableRest]
}

/** The column at a position from 1, unless a rest before it hides which one that is. */
export function columnAt(columns: readonly Column[], position: number): NamedColumn | undefined {
  const before = columns.slice(0, position)
  const last = before[position - 1]
  return last && before.every(isNamed) ? (last as NamedColumn) : undefined
}

/** What all columns together are made from. */
export function derivationsOf(columns: readonly Column[]): readonly Derivation[] {
  return columns.map((column) => (isNamed(column) ? column.derivation : unknown))
}
