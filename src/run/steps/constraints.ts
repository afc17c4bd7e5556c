import type { ColumnInfo, ModelNode, NodeId, Relation } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import { columnList, relationIdent, type SQLQuery, sql, sqlText, unsafeSql } from '../../warehouse/index.ts'
import type { RunContext } from '../run-context.ts'

/*
 * Constraints of a contract as DDL: those of columns behind their column, those of the model at the end of the
 * table. Expressions are the author's own SQL.
 */

type Constraint = Readonly<Record<string, unknown>>

/**
 * Foreign keys to tables that only get their new rows when everything is published: they are made then, as the text
 * that ALTER TABLE … ADD takes.
 */
export function lateForeignKeys(node: ModelNode, context: RunContext): string[] {
  const ofColumns = node.columns.flatMap((column) =>
    (column.constraints ?? []).map((constraint) => ({ ...constraint, columns: [column.name] })),
  )
  return [...node.constraints, ...ofColumns].flatMap((constraint: Constraint) => {
    if (constraint['type'] !== 'foreign_key' || !isLate(constraint, node, context)) return []
    const columns = columnList(namesOf(constraint['columns'], node))
    const { relation } = referenced(textOf(constraint, 'to')!, node, context)
    return [sqlText(sql`foreign key (${columns}) ${referencesTo(relation, constraint)}`).text]
  })
}

/** Whether a foreign key goes to an increment or snapshot of this run, which is a view until it is published. */
function isLate(constraint: Constraint, node: ModelNode, context: RunContext): boolean {
  const to = textOf(constraint, 'to')
  if (to === undefined) return false
  const { id } = referenced(to, node, context)
  return context.plan.steps.some(({ nodeId, action }) => nodeId === id && action === 'increment')
}

/** The columns and constraints between the brackets of CREATE TABLE. */
export function tableElements(node: ModelNode, context: RunContext): SQLQuery[] {
  return [
    ...node.columns.map((column) => columnElement(column, node, context)),
    ...node.constraints.flatMap((constraint) => tableConstraint(constraint, node, context) ?? []),
  ]
}

/** A model that refers to no other table, for tables that only pass through. */
export function withoutForeignKeys(node: ModelNode): ModelNode {
  const kept = (constraints: readonly Constraint[]) =>
    constraints.filter(({ type }) => type !== 'foreign_key')
  return {
    ...node,
    constraints: kept(node.constraints),
    columns: node.columns.map((column) => ({ ...column, constraints: kept(column.constraints ?? []) })),
  }
}

/** The name of a declared column as PostgreSQL has it: without quotes it is lower case. */
export function columnName({ name, quote }: Pick<ColumnInfo, 'name' | 'quote'>): string {
  return quote ? name : name.toLowerCase()
}

function columnElement(column: ColumnInfo, node: ModelNode, context: RunContext): SQLQuery {
  const constraints = (column.constraints ?? []).flatMap(
    (constraint) => columnConstraint(constraint, node, context) ?? [],
  )
  const parts = [sql`${sql.ident(columnName(column))} ${unsafeSql(column.dataType!)}`, ...constraints]
  return sql.join(parts, sql` `)
}

function columnConstraint(constraint: Constraint, node: ModelNode, context: RunContext): SQLQuery | null {
  const expression = textOf(constraint, 'expression')
  const more = expression === undefined ? sql`` : sql` ${unsafeSql(expression)}`
  switch (constraint['type']) {
    case 'not_null':
      return sql`not null${more}`
    case 'unique':
      return sql`unique${more}`
    case 'primary_key':
      return sql`primary key${more}`
    case 'check':
      return expression === undefined ? null : sql`check (${unsafeSql(expression)})`
    case 'foreign_key':
      return references(constraint, node, context)
    default:
      return expression === undefined ? null : unsafeSql(expression)
  }
}

function tableConstraint(constraint: Constraint, node: ModelNode, context: RunContext): SQLQuery | null {
  const name = textOf(constraint, 'name')
  const named = name === undefined ? sql`` : sql`constraint ${sql.ident(name)} `
  const expression = textOf(constraint, 'expression')
  const more = expression === undefined ? sql`` : sql` ${unsafeSql(expression)}`
  const columns = sql`(${columnList(namesOf(constraint['columns'], node))})`
  switch (constraint['type']) {
    case 'unique':
      return sql`${named}unique${more} ${columns}`
    case 'primary_key':
      return sql`${named}primary key${more} ${columns}`
    case 'check':
      return expression === undefined ? null : sql`${named}check (${unsafeSql(expression)})`
    case 'foreign_key': {
      const target = references(constraint, node, context)
      return target && sql`${named}foreign key ${columns} ${target}`
    }
    case 'not_null':
      // A table has no such constraint; every column of it is meant.
      return null
    default:
      return expression === undefined ? null : sql`${named}${unsafeSql(expression)}`
  }
}

/** `references "shop"."customers" ("id")`, to where the table stands in this run. */
function references(constraint: Constraint, node: ModelNode, context: RunContext): SQLQuery | null {
  const expression = textOf(constraint, 'expression')
  const to = textOf(constraint, 'to')
  if (to === undefined) return expression === undefined ? null : sql`references ${unsafeSql(expression)}`
  if (isLate(constraint, node, context)) return null
  return referencesTo(context.builds.resolve(referenced(to, node, context).relation), constraint)
}

function referencesTo(relation: Relation, constraint: Constraint): SQLQuery {
  const columns = listOf(constraint['to_columns'])
  const target = relationIdent(relation)
  const names = columns.length === 0 ? sql`` : sql` (${columnList(columns.map((name) => plainName(name)))})`
  return sql`references ${target}${names}`
}

/** What `to: ref('customers')` or `to: source('shop', 'customers')` means. */
function referenced(
  to: string,
  node: ModelNode,
  context: RunContext,
): { readonly id: NodeId; readonly relation: Relation } {
  const names = [...to.matchAll(/['"]([^'"]+)['"]/g)].map(([, name]) => name!)
  const isSource = /^\s*source\b/.test(to)
  const target = node.dependsOn
    .map((id) => context.manifest.nodes[id]!)
    .find((parent) =>
      isSource
        ? parent.resourceType === 'source' && parent.sourceName === names[0] && parent.name === names[1]
        : parent.resourceType !== 'source' && parent.name === names.at(-1),
    )
  if (target && 'relation' in target) return target
  throw new ProblemError(
    context.renderer.problem(
      'config-invalid',
      `the foreign key of ${node.name} goes to ${to}, which is not there`,
      node.place,
      "write to: ref('customers'), to_columns: [id]",
    ),
  )
}

function namesOf(columns: unknown, node: ModelNode): string[] {
  return listOf(columns).map((written) => {
    const declared = node.columns.find(({ name }) => name === written)
    return declared ? columnName(declared) : plainName(written)
  })
}

/** A name as SQL writes it. */
function plainName(written: string): string {
  return /^".*"$/.test(written) ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase()
}

function listOf(value: unknown): string[] {
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? value : [value]).map(String)
}

function textOf(constraint: Constraint, key: string): string | undefined {
  const value = constraint[key]
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}
