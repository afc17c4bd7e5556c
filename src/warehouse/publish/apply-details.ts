import type { Relation } from '../../core/node.ts'
import { columnsOf, existingRelations } from '../catalog.ts'
import { commentOnColumn, commentOnRelation, relationIdent } from '../relation-sql.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import type { PublishAction, RelationDetails } from './publish-action.ts'

/*
 * What the project says of a relation besides its rows: who may use it, and its descriptions as comments. Part of
 * the publishing transaction, so nobody ever sees a table without its grants.
 */

/** A privilege that somebody has. */
interface Granted {
  readonly grantee: string | null
  readonly privilege: string
}

/** Gives the published relations their details. */
export async function applyDetails(session: Session, actions: readonly PublishAction[]): Promise<void> {
  for (const { published, details } of actions) {
    if (!details) continue
    for (const key of details.foreignKeys ?? [])
      await session.query(sql`alter table ${relationIdent(published)} add ${unsafeSql(key)}`)
    if (details.grants) await matchGrants(session, published, details.grants)
    for (const statement of await comments(session, published, details)) await session.query(statement)
  }
}

/** Revokes what is not wanted and grants what is missing. */
async function matchGrants(
  session: Session,
  relation: Relation,
  wanted: NonNullable<RelationDetails['grants']>,
): Promise<void> {
  const target: Granted[] = Object.entries(wanted).flatMap(([privilege, roles]) =>
    roles.map((role) => ({ grantee: roleName(role), privilege: privilege.trim().toUpperCase() })),
  )
  const { rows: present } = await session.query<Granted>(sql`
    select
      case when acl.grantee <> 0 then pg_get_userbyid(acl.grantee) end as grantee,
      acl.privilege_type as privilege
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    cross join lateral aclexplode(c.relacl) as acl
    where n.nspname = ${relation.schema} and c.relname = ${relation.identifier} and acl.grantee <> c.relowner`)
  const all = (privilege: string) => privilege === 'ALL' || privilege === 'ALL PRIVILEGES'
  const has = (list: readonly Granted[], { grantee, privilege }: Granted) =>
    list.some((other) => other.grantee === grantee && (other.privilege === privilege || all(other.privilege)))
  const table = relationIdent(relation)
  for (const grant of present.filter((grant) => !has(target, grant)))
    await session.query(
      sql`revoke ${unsafeSql(grant.privilege)} on table ${table} from ${roleIdent(grant.grantee)}`,
    )
  for (const grant of target.filter((grant) => !has(present, grant)))
    await session.query(sql`grant ${privilegeWord(grant)} on table ${table} to ${roleIdent(grant.grantee)}`)
}

/** A privilege from YAML: words, nothing else. */
function privilegeWord({ privilege }: Granted): SQLQuery {
  if (!/^[A-Z]+( [A-Z]+)*$/.test(privilege)) throw new Error(`not a privilege: ${privilege}`)
  return unsafeSql(privilege)
}

/** The name of a role as SQL writes it; null stands for PUBLIC. */
function roleName(written: string): string | null {
  const text = written.trim()
  if (text.toLowerCase() === 'public') return null
  return text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"')
    : text.toLowerCase()
}

function roleIdent(role: string | null): SQLQuery {
  return role === null ? sql`public` : sql.ident(role)
}

async function comments(
  session: Session,
  relation: Relation,
  { comment, columnComments = {} }: RelationDetails,
): Promise<SQLQuery[]> {
  const statements: SQLQuery[] = []
  if (comment !== undefined) {
    const [found] = await existingRelations(session, [relation])
    if (found) statements.push(commentOnRelation(relation, found.kind, comment))
  }
  const described = Object.entries(columnComments)
  if (described.length === 0) return statements
  const columns = (await columnsOf(session, relation)) ?? []
  for (const [name, text] of described)
    if (columns.some((column) => column.name === name)) statements.push(commentOnColumn(relation, name, text))
  return statements
}
