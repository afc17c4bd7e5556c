import { parseSync } from 'libpg-query'
import type { ColumnInfluence, ColumnInput, ColumnRef, OutputColumn, SqlLineage } from './column-lineage.ts'
import { isNamed, type NamedColumn } from './columns.ts'
import { columnKey, type Derivation, type Influences } from './derivation.ts'
import type { Environment, KnownRelation, Session, TableName } from './environment.ts'
import { selectIn } from './parse-tree.ts'
import { analyseQuery } from './query.ts'

/** What is known of the relations that a query reads. */
export interface RelationCatalog {
  readonly lookUp: (name: TableName) => KnownRelation
  /** Whether a CTE only stands for a node, as those of ephemeral models do. */
  readonly isStandIn?: (cteName: string) => boolean
}

/**
 * The lineage of a query, or null when the text is not one query that selects. The parser has to be loaded;
 * throws nothing for text that does not parse.
 */
export function lineageOfSql(text: string, catalog: RelationCatalog): SqlLineage | null {
  const select = onlySelect(text)
  if (!select) return null
  const named = new Map<string, ColumnRef>()
  const unresolved = new Map<string, { readonly name: string; readonly location: number }>()
  const session: Session = {
    lookUp: catalog.lookUp,
    isStandIn: catalog.isStandIn ?? (() => false),
    record: ({ inputs, influences }) => {
      for (const [key, { relation, column }] of inputs) named.set(key, { relation, column })
      for (const ref of influences.values())
        named.set(columnKey(ref), { relation: ref.relation, column: ref.column })
    },
    unresolved: (name, location) => unresolved.set(`${name} ${location}`, { name, location }),
    query: analyseQuery,
  }
  const environment: Environment = { session, scope: null, ctes: null, windows: new Map() }
  const { columns, influences } = analyseQuery(select, environment)
  const outputs = columns.filter(isNamed)
  return {
    columns: outputs.map(outputColumn),
    isComplete: columns.every(isNamed),
    influences: sorted(influences),
    unused: unusedOf(named, outputs, influences),
    unresolved: [...unresolved.values()].map(({ name, location }) => ({
      name,
      offset: characterOffset(text, location),
    })),
  }
}

function onlySelect(text: string) {
  try {
    const statements = parseSync(text).stmts ?? []
    return statements.length === 1 ? selectIn(statements[0]!.stmt) : undefined
  } catch {
    return undefined
  }
}

function outputColumn({ name, derivation }: NamedColumn): OutputColumn {
  const { inputs, influences, isUnknown } = derivation
  const ordered: ColumnInput[] = [...inputs.values()].sort(byColumn)
  return { name, inputs: ordered, influences: sorted(influences), isUnknown }
}

function sorted(influences: Influences): ColumnInfluence[] {
  return [...influences.values()].sort((a, b) => byColumn(a, b) || compare(a.role, b.role))
}

function unusedOf(
  named: ReadonlyMap<string, ColumnRef>,
  outputs: readonly { readonly derivation: Derivation }[],
  influences: Influences,
): ColumnRef[] {
  const used = new Set<string>()
  for (const { derivation } of outputs) {
    for (const key of derivation.inputs.keys()) used.add(key)
    for (const ref of derivation.influences.values()) used.add(columnKey(ref))
  }
  for (const ref of influences.values()) used.add(columnKey(ref))
  return [...named].flatMap(([key, ref]) => (used.has(key) ? [] : [ref])).sort(byColumn)
}

function byColumn(a: ColumnRef, b: ColumnRef): number {
  return compare(a.relation, b.relation) || compare(a.column, b.column)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The tree counts bytes of UTF-8, JavaScript counts UTF-16 units. */
function characterOffset(text: string, byteOffset: number): number {
  return Buffer.from(text, 'utf8').subarray(0, byteOffset).toString('utf8').length
}
