import { type Column, derivationsOf, findColumn } from './columns.ts'
import { type Derivation, type Influences, merge, nothing, raised, unknown } from './derivation.ts'
import type { SelectStmt, WindowDef } from './parse-tree.ts'

/*
 * What names mean at a place in a query: the entries of FROM, innermost query first, and the CTEs in sight.
 */

/** An entry of FROM. */
export interface RangeItem {
  /** The alias, or the table's own name. */
  readonly name: string | null
  /** The schema as written; only where there is no alias. */
  readonly schema?: string
  readonly columns: readonly Column[]
  /** A table has system columns as well. */
  readonly isTable: boolean
}

export interface ScopeEntry {
  readonly item: RangeItem
  /** Whether its columns are found by their bare name. */
  readonly columnsVisible: boolean
  /** Whether they are found behind the entry's name. */
  readonly nameVisible: boolean
}

export interface Scope {
  readonly entries: readonly ScopeEntry[]
  readonly parent: Scope | null
}

/** A query's result: its columns and what decides about its rows. */
export interface Query {
  readonly columns: readonly Column[]
  readonly influences: Influences
}

/** The CTEs in sight, nearest first. */
export interface CteList {
  readonly name: string
  readonly query: () => Query
  readonly next: CteList | null
}

/** A table's name as written. */
export interface TableName {
  readonly schema: string | undefined
  readonly name: string
}

/** What is known of a relation. */
export interface KnownRelation {
  /** What its columns are called by in the result. */
  readonly relation: string
  readonly columns: readonly string[]
  /** Whether there are no other columns. */
  readonly isComplete: boolean
}

/** What the analysis of one statement shares. */
export interface Session {
  readonly lookUp: (name: TableName) => KnownRelation
  /** Whether a CTE only stands for a node, so that lineage ends there. */
  readonly isStandIn: (cteName: string) => boolean
  /** Notes the columns that a value is made from as named by the query. */
  readonly record: (derivation: Derivation) => void
  /** Notes a name that nothing is known to have, with its byte offset. */
  readonly unresolved: (name: string, location: number) => void
  readonly query: (select: SelectStmt, environment: Environment) => Query
}

export interface Environment {
  readonly session: Session
  readonly scope: Scope | null
  readonly ctes: CteList | null
  readonly windows: ReadonlyMap<string, WindowDef>
}

/** The environment inside a query that has those entries in FROM. */
export function within(environment: Environment, entries: readonly ScopeEntry[]): Environment {
  const { session, scope, ctes, windows } = environment
  return { session, scope: { entries, parent: scope }, ctes, windows }
}

const systemColumns = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'])

/** What a column reference stands for: a column, or all of a row when it names an entry of FROM. */
export function resolve(path: readonly string[], location: number, environment: Environment): Derivation {
  const derivation = path.length === 1 ? bareName(path[0]!, environment) : qualifiedName(path, environment)
  if (derivation === null) {
    environment.session.unresolved(path.join('.'), location)
    return unknown
  }
  environment.session.record(derivation)
  return derivation
}

/** The columns that `*` stands for. */
export function expandAll(environment: Environment): readonly Column[] {
  const entries = environment.scope?.entries.filter(({ columnsVisible }) => columnsVisible) ?? []
  return recorded(
    entries.flatMap(({ item }) => item.columns),
    environment,
  )
}

/** The columns that `t.*` stands for; null when nothing is called t. */
export function expandItem(path: readonly string[], environment: Environment): readonly Column[] | null {
  const item = findItem(path, environment.scope)
  return item && recorded(item.columns, environment)
}

/** Whether a path names an entry of FROM. */
export function isItem(path: readonly string[], { scope }: Environment): boolean {
  return findItem(path, scope) !== null
}

function recorded(columns: readonly Column[], { session }: Environment): readonly Column[] {
  for (const derivation of derivationsOf(columns)) session.record(derivation)
  return columns
}

/** The innermost query that has the name decides. */
function bareName(name: string, { scope }: Environment): Derivation | null {
  for (let level = scope; level; level = level.parent) {
    const visible = level.entries.filter(({ columnsVisible }) => columnsVisible)
    const findings = visible.map(({ item }) => findColumn(item.columns, name))
    const found = findings.find(({ kind }) => kind === 'found')
    if (found?.kind === 'found') return found.derivation
    const possible = findings.filter((finding) => finding.kind === 'possible')
    if (possible.length > 0) {
      const isSure = possible.length === 1 && !isKnownOutside(name, level.parent) && !findItem([name], scope)
      return isSure ? possible[0]!.derivation : unknown
    }
    if (systemColumns.has(name) && visible.some(({ item }) => item.isTable)) return nothing
  }
  const item = findItem([name], scope)
  return item && wholeRow(item)
}

/** Whether an outer query might mean the name, so that an inner one whose columns are not known may not claim it. */
function isKnownOutside(name: string, scope: Scope | null): boolean {
  for (let level = scope; level; level = level.parent)
    for (const { item, columnsVisible } of level.entries)
      if (columnsVisible && findColumn(item.columns, name).kind !== 'absent') return true
  return false
}

function qualifiedName(path: readonly string[], { scope }: Environment): Derivation | null {
  const name = path.at(-1)!
  const item = findItem(path.slice(0, -1), scope)
  if (!item) return null
  const finding = findColumn(item.columns, name)
  if (finding.kind !== 'absent') return finding.derivation
  return item.isTable && systemColumns.has(name) ? nothing : null
}

/** The entry that `t`, `schema.t` or `database.schema.t` names. */
function findItem(path: readonly string[], scope: Scope | null): RangeItem | null {
  const name = path.at(-1)
  const schema = path.at(-2)
  for (let level = scope; level; level = level.parent)
    for (const { item, nameVisible } of level.entries)
      if (nameVisible && item.name === name && (schema === undefined || item.schema === schema)) return item
  return null
}

function wholeRow(item: RangeItem): Derivation {
  return raised(merge(derivationsOf(item.columns)), 'transformation')
}
