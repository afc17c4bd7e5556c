import { createHash } from 'node:crypto'
import type { TableColumn } from '../core/load-spec.ts'
import type { IndexConfig, Relation } from '../core/node.ts'
import { type SQLQuery, sql } from './sql.ts'
import { sqlLiteral, sqlText, unsafeSql } from './sql-text.ts'

/*
 * DDL, one statement per function. Names are always qualified with their schema.
 */

/** What a function takes and gives, each argument as SQL writes it: `value integer default 1`. */
export interface FunctionDefinition {
  readonly arguments: readonly string[]
  readonly returns: string
  readonly body: SQLQuery
  readonly volatility?: 'immutable' | 'stable' | 'volatile'
}

/** Makes a function in SQL, or gives the one that has its name and types of arguments another body. */
export function createFunction(
  { schema, identifier }: Relation,
  { arguments: given, returns, body, volatility }: FunctionDefinition,
): SQLQuery {
  const quote = dollarQuote(sqlText(body).text)
  return sql`
    create or replace function ${sql.ident(schema, identifier)} (${unsafeSql(given.join(', '))})
    returns ${unsafeSql(returns)}
    language sql ${unsafeSql(volatility ?? '')}
    as ${unsafeSql(quote)}
    ${body}
    ${unsafeSql(quote)}`
}

/** A quote that does not stand in the text. */
function dollarQuote(text: string): string {
  let tag = ''
  while (text.includes(`$${tag}$`)) tag += 'q'
  return `$${tag}$`
}

/** `"schema"."name"`. */
export function relationIdent(relation: Relation): SQLQuery {
  return sql.ident(relation.schema, relation.identifier)
}

/** `"a", "b"`. */
export function columnList(columns: readonly string[]): SQLQuery {
  return sql.join(
    columns.map((column) => sql.ident(column)),
    ', ',
  )
}

/** What a table is made of, besides its name. */
export interface TableOptions {
  /** Not written to the log: faster, emptied by a crash of the server. */
  readonly unlogged?: boolean
}

export function createSchema(schema: string): SQLQuery {
  return sql`create schema if not exists ${sql.ident(schema)}`
}

export function dropSchema(schema: string): SQLQuery {
  return sql`drop schema if exists ${sql.ident(schema)} cascade`
}

/** `create table … as`, from the text of a compiled model or a query made here. */
export function createTableAs(relation: Relation, query: SQLQuery, options: TableOptions = {}): SQLQuery {
  return sql`create ${unlogged(options)}table ${relationIdent(relation)} as\n${query}`
}

/** An empty table; types are DDL text from YAML or the catalogue. */
export function createTable(
  relation: Relation,
  columns: readonly Pick<TableColumn, 'name' | 'type'>[],
  options: TableOptions & {
    readonly primaryKey?: readonly string[]
    /** Columns in which a null is refused. */
    readonly notNull?: readonly string[]
  } = {},
): SQLQuery {
  const lines = columns.map(({ name, type }) => {
    const required = options.notNull?.includes(name) ? sql` not null` : sql``
    return sql`${sql.ident(name)} ${unsafeSql(type)}${required}`
  })
  if (options.primaryKey?.length) lines.push(sql`primary key (${columnList(options.primaryKey)})`)
  const body = sql.join(lines, sql`,\n  `)
  return sql`create ${unlogged(options)}table ${relationIdent(relation)} (\n  ${body}\n)`
}

export function createView(relation: Relation, query: SQLQuery): SQLQuery {
  return sql`create view ${relationIdent(relation)} as\n${query}`
}

export function createMaterializedView(
  relation: Relation,
  query: SQLQuery,
  { withData = true }: { readonly withData?: boolean } = {},
): SQLQuery {
  const rows = withData ? sql`` : sql`\nwith no data`
  return sql`create materialized view ${relationIdent(relation)} as\n${query}${rows}`
}

/** Fills a materialized view with what its owner may see. */
export function refreshMaterializedView(relation: Relation): SQLQuery {
  return sql`refresh materialized view ${relationIdent(relation)}`
}

/** What a relation is; DROP, ALTER and COMMENT want to know. */
export type RelationKind = 'table' | 'view' | 'materialized_view' | 'foreign_table'

const kindWords: Readonly<Record<RelationKind, SQLQuery>> = {
  table: sql`table`,
  view: sql`view`,
  materialized_view: sql`materialized view`,
  foreign_table: sql`foreign table`,
}

/** `table`, `view`, … as DDL wants it. */
export function kindWord(kind: RelationKind): SQLQuery {
  return kindWords[kind]
}

export function dropRelation(
  relation: Relation,
  kind: RelationKind,
  options: { readonly cascade?: boolean } = {},
): SQLQuery {
  return sql`drop ${kindWord(kind)} if exists ${relationIdent(relation)}${options.cascade ? sql` cascade` : sql``}`
}

/** Several relations of one kind in one statement; they may depend on each other, on nothing else. */
export function dropRelations(relations: readonly Relation[], kind: RelationKind): SQLQuery {
  return sql`drop ${kindWord(kind)} ${sql.join(relations.map(relationIdent), ', ')}`
}

export function renameRelation(relation: Relation, kind: RelationKind, identifier: string): SQLQuery {
  return sql`alter ${kindWord(kind)} ${relationIdent(relation)} rename to ${sql.ident(identifier)}`
}

export function setSchema(relation: Relation, kind: RelationKind, schema: string): SQLQuery {
  return sql`alter ${kindWord(kind)} ${relationIdent(relation)} set schema ${sql.ident(schema)}`
}

/** An index whose name follows from the published relation and its columns, so that a rebuild gives the same. */
export function createIndex(
  relation: Relation,
  index: IndexConfig,
  published: Relation = relation,
): SQLQuery {
  const unique = index.unique ? sql`unique ` : sql``
  const method = index.type ? sql` using ${sql.ident(index.type)}` : sql``
  const name = sql.ident(indexName(published, index))
  return sql`create ${unique}index ${name} on ${relationIdent(relation)}${method} (${columnList(index.columns)})`
}

/** At most 63 bytes: what does not fit is replaced by a hash, which is always there so that names stay apart. */
export function indexName(relation: Relation, index: IndexConfig): string {
  const words = [relation.identifier, ...index.columns]
  const key = JSON.stringify([relation.schema, relation.identifier, index.columns, index.unique, index.type])
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 8)
  return `${fitBytes(words.join('_'), 63 - 9)}_${hash}`
}

/** Cuts at a character, not inside one. */
function fitBytes(text: string, sizeBytes: number): string {
  let fitting = ''
  for (const character of text) {
    if (Buffer.byteLength(fitting + character) > sizeBytes) break
    fitting += character
  }
  return fitting
}

export function commentOnRelation(relation: Relation, kind: RelationKind, comment: string | null): SQLQuery {
  return sql`comment on ${kindWord(kind)} ${relationIdent(relation)} is ${literalOrNull(comment)}`
}

export function commentOnColumn(relation: Relation, column: string, comment: string | null): SQLQuery {
  const path = sql.ident(relation.schema, relation.identifier, column)
  return sql`comment on column ${path} is ${literalOrNull(comment)}`
}

function literalOrNull(text: string | null): SQLQuery {
  return text === null ? sql`null` : sqlLiteral(text)
}

function unlogged(options: TableOptions): SQLQuery {
  return options.unlogged ? sql`unlogged ` : sql``
}

/** Planner statistics, which a table filled just now has not got yet. */
export function analyzeRelation(relation: Relation, columns: readonly string[] = []): SQLQuery {
  const only = columns.length === 0 ? sql`` : sql` (${columnList(columns)})`
  return sql`analyze ${relationIdent(relation)}${only}`
}

/** Makes columns the key of a table that is there already. */
export function addPrimaryKey(relation: Relation, columns: readonly string[]): SQLQuery {
  return sql`alter table ${relationIdent(relation)} add primary key (${columnList(columns)})`
}
