import { relationKey } from '../../core/node.ts'
import { commentOnColumn, commentOnRelation, relationIdent } from '../relation-sql.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import type { PublishAction, RelationDetails } from './publish-action.ts'
import { type Grant, named, type RelationState, readStates } from './relation-state.ts'

/*
 * What the project says of a relation besides its rows: who may use it, and its descriptions as comments. Part of
 * the publishing transaction, so nobody ever sees a table without its grants. What a relation carries already is left
 * alone.
 */

/** A privilege that somebody has. */
type Granted = Pick<Grant, 'grantee' | 'privilege'>

/** Gives the published relations their details. */
export async function applyDetails(session: Session, actions: readonly PublishAction[]): Promise<void> {
  const detailed = actions.flatMap((action) => {
    const { published } = action
    return 'details' in action && action.details ? [{ published, details: action.details }] : []
  })
  if (detailed.length === 0) return
  const states = await readStates(session, named(detailed.map(({ published }) => published)))
  const byKey = new Map(states.map((state) => [relationKey(state), state]))
  await session.runAll(
    detailed.flatMap(({ published, details }) =>
      detailStatements(byKey.get(relationKey(published))!, details),
    ),
  )
}

/** What a relation lacks of its details. */
function detailStatements(state: RelationState, details: RelationDetails): SQLQuery[] {
  const keys = (details.foreignKeys ?? []).map(
    (key) => sql`alter table ${relationIdent(state)} add ${unsafeSql(key)}`,
  )
  return [
    ...keys,
    ...(details.grants ? grantsToMatch(state, details.grants) : []),
    ...comments(state, details),
  ]
}

/** Revokes what is not wanted and grants what is missing. */
function grantsToMatch(state: RelationState, wanted: NonNullable<RelationDetails['grants']>): SQLQuery[] {
  const target: Granted[] = Object.entries(wanted).flatMap(([privilege, roles]) =>
    roles.map((role) => ({ grantee: roleName(role), privilege: privilege.trim().toUpperCase() })),
  )
  const present = state.grants.filter(({ column }) => column === null)
  const all = (privilege: string) => privilege === 'ALL' || privilege === 'ALL PRIVILEGES'
  const has = (list: readonly Granted[], { grantee, privilege }: Granted) =>
    list.some((other) => other.grantee === grantee && (other.privilege === privilege || all(other.privilege)))
  const table = relationIdent(state)
  return [
    ...present
      .filter((grant) => !has(target, grant))
      .map(
        (grant) =>
          sql`revoke ${unsafeSql(grant.privilege)} on table ${table} from ${roleIdent(grant.grantee)}`,
      ),
    ...target
      .filter((grant) => !has(present, grant))
      .map((grant) => sql`grant ${privilegeWord(grant)} on table ${table} to ${roleIdent(grant.grantee)}`),
  ]
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

function comments(state: RelationState, { comment, columnComments = {} }: RelationDetails): SQLQuery[] {
  const isOther = comment !== undefined && comment !== state.comment
  const columns = Object.entries(columnComments).filter(
    ([name, text]) => state.columns.includes(name) && text !== state.columnComments[name],
  )
  return [
    ...(isOther ? [commentOnRelation(state, state.kind, comment)] : []),
    ...columns.map(([name, text]) => commentOnColumn(state, name, text)),
  ]
}
