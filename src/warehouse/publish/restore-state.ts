import type { Relation } from '../../core/node.ts'
import {
  columnList,
  commentOnColumn,
  commentOnRelation,
  createView,
  kindWord,
  refreshMaterializedView,
  relationIdent,
} from '../relation-sql.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { sqlLiteral, unsafeSql } from '../sql-text.ts'
import type { ForeignKey, Grant, Policy, RelationState } from './relation-state.ts'

/*
 * The statements that give a relation the state that another one had. They are pure: what they are to be, not
 * how they go out.
 */

/** What the relation that takes the place brings along. */
export type Successor = Pick<
  RelationState,
  'kind' | 'owner' | 'grants' | 'comment' | 'columnComments' | 'columns' | 'columnTypes' | 'options'
>

/** Everything but definition and rows: owner, grants, comments, triggers and rules, and for tables row security and more. */
export function carryOver(old: RelationState, successor: Successor): SQLQuery[] {
  const relation: Relation = old
  const { kind } = successor
  const statements = [
    ...successor.grants.map((grant) => revoke(relation, grant)),
    ...grantStatements(relation, old.grants, successor.columns),
    ...carryComments(old, successor),
    ...carryOptions(old, successor),
  ]
  if (kind === old.kind) statements.push(...[...old.triggers, ...old.rules].map(unsafeSql))
  if (kind === old.kind)
    statements.push(...carryColumnSettings(old, successor), ...carryLabels(old, successor))
  if (kind === 'table' && old.kind === 'table') statements.push(...carryTableRules(old))
  if (kind !== 'view' && old.kind !== 'view') statements.push(...carryStatistics(old, successor))
  // Last: afterwards only members of the new owner may do any of the above.
  if (old.owner !== successor.owner) {
    statements.push(sql`alter ${kindWord(kind)} ${relationIdent(relation)} owner to ${sql.ident(old.owner)}`)
  }
  return statements
}

/** Storage parameters and view options (security_invoker, say) that the successor does not set itself. */
function carryOptions(old: RelationState, successor: Successor): SQLQuery[] {
  if (old.kind !== successor.kind) return []
  const name = (text: string) => text.slice(0, text.indexOf('='))
  const missing = [...old.options, ...old.toastOptions].filter(
    (text) => !successor.options.some((other) => name(other) === name(text)),
  )
  if (missing.length === 0) return []
  return [sql`alter ${kindWord(old.kind)} ${relationIdent(old)} set (${sql.join(missing.map(option), ', ')})`]
}

function carryColumnSettings({ columnSettings }: RelationState, successor: Successor): SQLQuery[] {
  const typeOf = new Map(successor.columns.map((column, at) => [column, successor.columnTypes[at]]))
  return columnSettings
    .filter(({ column, type }) => typeOf.has(column) && (type === null || type === typeOf.get(column)))
    .map(({ statement }) => unsafeSql(statement))
}

/** What hides columns has to hide them from the first moment on; where its provider cannot be asked, nothing is published. */
function carryLabels({ securityLabels }: RelationState, { columns }: Successor): SQLQuery[] {
  return securityLabels
    .filter(({ column }) => column === null || columns.includes(column))
    .map(({ statement }) => unsafeSql(statement))
}

/** Comments that the successor already has are newer. */
function carryComments(old: RelationState, successor: Successor): SQLQuery[] {
  const comment = successor.comment === null && old.comment !== null
  const columns = Object.entries(old.columnComments).filter(
    ([column]) => successor.columns.includes(column) && successor.columnComments[column] === undefined,
  )
  return [
    ...(comment ? [commentOnRelation(old, successor.kind, old.comment)] : []),
    ...columns.map(([column, text]) => commentOnColumn(old, column, text)),
  ]
}

/** GRANT statements, one for each grantee. Privileges on columns that are gone are gone with them. */
export function grantStatements(
  relation: Relation,
  grants: readonly Grant[],
  columns: readonly string[],
): SQLQuery[] {
  const groups = new Map<string, Grant[]>()
  for (const grant of grants) {
    if (grant.column !== null && !columns.includes(grant.column)) continue
    const key = JSON.stringify([grant.grantee, grant.grantable])
    groups.set(key, [...(groups.get(key) ?? []), grant])
  }
  return [...groups.values()].map((group) => {
    const { grantee, grantable } = group[0]!
    const privileges = sql.join(group.map(privilege), ', ')
    const option = grantable ? sql` with grant option` : sql``
    return sql`grant ${privileges} on table ${relationIdent(relation)} to ${roleIdent(grantee)}${option}`
  })
}

function revoke(relation: Relation, { grantee }: Grant): SQLQuery {
  return sql`revoke all on table ${relationIdent(relation)} from ${roleIdent(grantee)}`
}

/** The names of privileges come from the catalogue; they are key words. */
function privilege({ privilege, column }: Grant): SQLQuery {
  return column === null ? unsafeSql(privilege) : sql`${unsafeSql(privilege)} (${sql.ident(column)})`
}

function roleIdent(role: string | null): SQLQuery {
  return role === null ? sql`public` : sql.ident(role)
}

function carryTableRules(old: RelationState): SQLQuery[] {
  const table = relationIdent(old)
  return [
    ...old.policies.flatMap((policy) => createPolicy(old, policy)),
    ...(old.rowSecurity === 'off' ? [] : [sql`alter table ${table} enable row level security`]),
    ...(old.rowSecurity === 'forced' ? [sql`alter table ${table} force row level security`] : []),
    ...old.replication.map(unsafeSql),
  ]
}

/** As where a column is dropped, those that were about it are gone with it. */
function carryStatistics({ statistics }: RelationState, { columns }: Successor): SQLQuery[] {
  return statistics
    .filter((one) => one.columns.every((column) => columns.includes(column)))
    .flatMap(({ statements }) => statements.map(unsafeSql))
}

export function dropPolicy(relation: Relation, { name }: Policy): SQLQuery {
  return sql`drop policy ${sql.ident(name)} on ${relationIdent(relation)}`
}

/** Makes a policy, with what is said of it. */
export function createPolicy(relation: Relation, policy: Policy): SQLQuery[] {
  const table = relationIdent(relation)
  const name = sql.ident(policy.name)
  const permissive = policy.permissive ? sql`permissive` : sql`restrictive`
  const roles = sql.join(policy.roles.map(roleIdent), ', ')
  const using = policy.using === null ? sql`` : sql` using (${unsafeSql(policy.using)})`
  const check = policy.check === null ? sql`` : sql` with check (${unsafeSql(policy.check)})`
  return [
    sql`create policy ${name} on ${table} as ${permissive} for ${unsafeSql(policy.command)} to ${roles}${using}${check}`,
    ...(policy.comment === null
      ? []
      : [sql`comment on policy ${name} on ${table} is ${sqlLiteral(policy.comment)}`]),
  ]
}

/**
 * Makes a dropped view or materialized view again, without what `carryOver` gives. A materialized view has no rows
 * before `fill`: these are its owner's to see, and who may see which rows of what it reads has to be settled first.
 */
export function recreate(view: RelationState): SQLQuery[] {
  const query = unsafeSql(view.definition!.replace(/;\s*$/, ''))
  const options = view.options.length > 0 ? sql` with (${sql.join(view.options.map(option), ', ')})` : sql``
  if (view.kind === 'view') {
    const create =
      view.options.length === 0
        ? createView(view, query)
        : sql`create view ${relationIdent(view)}${options} as\n${query}`
    return [create]
  }
  const tablespace = view.tablespace === null ? sql`` : sql` tablespace ${sql.ident(view.tablespace)}`
  return [
    sql`create materialized view ${relationIdent(view)} (${columnList(view.columns)})${options}${tablespace} as\n${query}\nwith no data`,
  ]
}

/** Fills a materialized view that was made again, as its owner, and makes its indexes. */
export function fill(view: RelationState): SQLQuery[] {
  return [...(view.populated ? [refreshMaterializedView(view)] : []), ...view.indexes.map(unsafeSql)]
}

/** `name=value`, as the catalogue keeps it. */
function option(text: string): SQLQuery {
  const at = text.indexOf('=')
  return sql`${unsafeSql(text.slice(0, at))} = ${sqlLiteral(text.slice(at + 1))}`
}

export function dropForeignKey(key: ForeignKey): SQLQuery {
  return sql`alter table ${sql.ident(key.schema, key.identifier)} drop constraint ${sql.ident(key.name)}`
}

/** Makes a foreign key, with what is said of it. */
export function addForeignKey({ schema, identifier, name, definition, comment }: ForeignKey): SQLQuery[] {
  const table = sql.ident(schema, identifier)
  return [
    sql`alter table ${table} add constraint ${sql.ident(name)} ${unsafeSql(definition)}`,
    ...(comment === null
      ? []
      : [sql`comment on constraint ${sql.ident(name)} on ${table} is ${sqlLiteral(comment)}`]),
  ]
}
