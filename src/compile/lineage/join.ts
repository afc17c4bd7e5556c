import { type Column, findColumn, isNamed, type NamedColumn } from './columns.ts'
import {
  type Derivation,
  type Influences,
  influenceOf,
  merge,
  mergeInfluences,
  raised,
  unknown,
} from './derivation.ts'
import { type NodeBody, stringsOf } from './parse-tree.ts'

export interface JoinedColumns {
  /** Those that USING or NATURAL made one of two. */
  readonly merged: readonly NamedColumn[]
  /** What `*` stands for: the merged ones, then the others from left to right. */
  readonly columns: readonly Column[]
  /** What USING or NATURAL compares. */
  readonly influences: Influences
}

/** The columns of a join of two entries of FROM. */
export function joinColumns(
  join: Pick<NodeBody<'JoinExpr'>, 'jointype' | 'isNatural' | 'usingClause'>,
  left: readonly Column[],
  right: readonly Column[],
): JoinedColumns {
  const names = join.isNatural ? commonNames(left, right) : stringsOf(join.usingClause)
  const pairs = names.map((name) => ({ name, left: sideOf(left, name), right: sideOf(right, name) }))
  const merged = pairs.map((pair) => ({ name: pair.name, derivation: mergedValue(join.jointype, pair) }))
  const others = (columns: readonly Column[]): Column[] =>
    columns.filter(({ name }) => name === null || !names.includes(name))
  return {
    merged,
    columns: [...merged, ...others(left), ...others(right)],
    influences: mergeInfluences(pairs.map((pair) => influenceOf(merge([pair.left, pair.right]), 'join'))),
  }
}

function commonNames(left: readonly Column[], right: readonly Column[]): string[] {
  const names = new Set(right.filter(isNamed).map(({ name }) => name))
  return left.filter(isNamed).flatMap(({ name }) => (names.has(name) ? [name] : []))
}

function sideOf(columns: readonly Column[], name: string): Derivation {
  const finding = findColumn(columns, name)
  return finding.kind === 'absent' ? unknown : finding.derivation
}

/** A merged column comes from the side that is never filled up with nulls; a full join takes whichever is there. */
function mergedValue(
  kind: NodeBody<'JoinExpr'>['jointype'],
  { left, right }: { readonly left: Derivation; readonly right: Derivation },
): Derivation {
  if (kind === 'JOIN_FULL') return raised(merge([left, right]), 'transformation')
  return kind === 'JOIN_RIGHT' ? right : left
}
