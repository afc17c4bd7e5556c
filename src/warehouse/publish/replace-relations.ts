import { randomBytes } from 'node:crypto'
import { type Relation, relationKey } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import { dropRelations, relationIdent, renameRelation, setSchema } from '../relation-sql.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { sqlLiteral } from '../sql-text.ts'
import { applyChange, changesColumns } from './apply-change.ts'
import { defaultGrants } from './default-grants.ts'
import { describeReplaced, keepTables } from './keep-replaced.ts'
import { lookAround, type MovedBuild, type Surroundings } from './look-around.ts'
import { createViews, fillViews, tryStatements } from './make-views.ts'
import type { PublishAction } from './publish-action.ts'
import { inheritedProblem, policyProblem } from './publish-problem.ts'
import {
  type ForeignKey,
  type LookingPolicy,
  named,
  type RelationState,
  readBuildStates,
  readersFirst,
} from './relation-state.ts'
import type { KeepIn, ReplacedRelation } from './replaced-relation.ts'
import {
  addForeignKey,
  carryOver,
  createPolicy,
  dropForeignKey,
  dropPolicy,
  grantStatements,
} from './restore-state.ts'
import { takeLocks } from './take-locks.ts'

/** What came of replacing. */
export interface Replacement {
  /** Views of others that were made again. */
  readonly recreated: readonly Relation[]
  /** Views of ours that stayed, since nothing about them changed. */
  readonly kept: readonly Relation[]
  /** What stood there before, where it is to be kept. */
  readonly before: readonly ReplacedRelation[]
}

export interface ReplaceOptions {
  /** The schema in which the run built, the beginning of the names of its others. */
  readonly buildSchema?: string
  /** Keeps the tables that are replaced, where this says. */
  readonly keepIn?: KeepIn
}

/** What the session is set to, and how long a try may wait for locks. */
export interface ReplaceSettings {
  readonly searchPath: string
  readonly statementTimeout: string
  readonly lockTimeoutMs: number
}

/** Puts tables and views in place of the published ones. */
export async function replaceRelations(
  session: Session,
  actions: readonly PublishAction[],
  settings: ReplaceSettings,
  { buildSchema, keepIn }: ReplaceOptions,
): Promise<Replacement> {
  // Definitions come with every name qualified when the search path is empty.
  await session.runAll([sql`set local search_path = ''`])
  const around = await lookAround(session, actions, buildSchema)
  const inherited = [...around.replaced.values()].find(({ isInherited }) => isInherited)
  if (inherited) throw new ProblemError(inheritedProblem(relationKey(inherited)))
  const before = keepIn ? await describeReplaced(session, around, keepIn) : []
  await lockAll(session, around, settings)
  for (const change of actions.filter(changesColumns)) await applyChange(session, change)
  if (keepIn) {
    const tables = [...around.replaced.values()].filter(({ kind }) => kind === 'table')
    await keepTables(session, tables, dropTables(around), pointingKeys(around).map(dropForeignKey), keepIn)
    await session.runAll(around.moved.flatMap(moveIn))
  } else await session.runAll([...dropTables(around), ...around.moved.flatMap(moveIn)])
  await createViews(session, around)
  await carryStates(session, around)
  await restorePolicies(session, around)
  await fillViews(session, around)
  const { dependents, kept } = around
  return { recreated: dependents.map(({ schema, identifier }) => ({ schema, identifier })), kept, before }
}

/** Locks all that is replaced or changed; views are dropped for that. */
async function lockAll(
  session: Session,
  around: Surroundings,
  { searchPath, statementTimeout, lockTimeoutMs }: ReplaceSettings,
): Promise<void> {
  const { replaced, grown, dependents, leftovers } = around
  const policies = lookingPolicies(around)
  const relations = replaced.size + grown.length + dependents.length + leftovers.length + policies.length
  await session.runAll([sql`select set_config('search_path', ${sqlLiteral(searchPath)}, true)`])
  const statements = [
    ...policies.map((policy) => dropPolicy(policy, policy)),
    ...dropViews(around),
    ...lockTables([...replaced.values(), ...grown]),
  ]
  await takeLocks(session, statements, { lockTimeoutMs, relations, statementTimeout })
}

/** Views before tables, readers before what they read: the order in which a reader takes its locks, too. */
function dropViews({ replaced, dependents, leftovers, reads }: Surroundings): SQLQuery[] {
  const states = [...replaced.values(), ...dependents, ...leftovers]
  const byOid = new Map(states.map((state) => [state.oid, state]))
  const views = readersFirst([...byOid.keys()], reads)
    .map((oid) => byOid.get(oid)!)
    .filter(({ kind }) => kind !== 'table')
  return runsOf(views, ({ kind }) => kind).map((sameKind) => dropRelations(sameKind, sameKind[0]!.kind))
}

/** Neighbours that have the same key, together. */
function runsOf<T>(items: readonly T[], key: (item: T) => unknown): T[][] {
  const runs: T[][] = []
  for (const item of items) {
    const last = runs.at(-1)
    if (last && key(last[0]!) === key(item)) last.push(item)
    else runs.push([item])
  }
  return runs
}

function lockTables(states: readonly RelationState[]): SQLQuery[] {
  const tables = states.filter(({ kind }) => kind === 'table').map(relationIdent)
  return tables.length === 0 ? [] : [sql`lock table ${sql.join(tables, ', ')} in access exclusive mode`]
}

/** No CASCADE: what we have not understood must stop us, not disappear. */
function dropTables(around: Surroundings): SQLQuery[] {
  const tables = [...around.replaced.values()].filter(({ kind }) => kind === 'table')
  const keys = pointingKeys(around).map(dropForeignKey)
  if (tables.length === 0) return keys
  return [...keys, sql`drop table ${sql.join(tables.map(relationIdent), ', ')}`]
}

/** The foreign keys that point at the tables that are replaced. */
function pointingKeys({ replaced }: Surroundings): readonly ForeignKey[] {
  return [...replaced.values()]
    .filter(({ kind }) => kind === 'table')
    .flatMap(({ foreignKeys }) => foreignKeys)
}

/** The policies of tables that stay, as far as they look into what is replaced or made again. */
function lookingPolicies({ replaced, dependents }: Surroundings): readonly LookingPolicy[] {
  const gone = new Set([...replaced.values()].filter(({ kind }) => kind === 'table').map(({ oid }) => oid))
  const policies = [...replaced.values(), ...dependents].flatMap((state) => state.lookingPolicies)
  const distinct = new Map(policies.map((policy) => [JSON.stringify([policy.tableOid, policy.name]), policy]))
  return [...distinct.values()].filter(({ tableOid }) => !gone.has(tableOid))
}

async function restorePolicies(session: Session, around: Surroundings): Promise<void> {
  for (const policy of lookingPolicies(around)) {
    const error = await tryStatements(session, createPolicy(policy, policy))
    if (error)
      throw new ProblemError(policyProblem(policy.name, relationKey(policy), error), { cause: error })
  }
}

/** Moves a build to its place; by way of a name that nobody else has when the names differ. */
function moveIn({ build, published }: MovedBuild): SQLQuery[] {
  const { kind, schema } = build
  if (build.identifier === published.identifier) return [setSchema(build, kind, published.schema)]
  const identifier = `estimand_${randomBytes(8).toString('hex')}`
  return [
    renameRelation(build, kind, identifier),
    setSchema({ schema, identifier }, kind, published.schema),
    renameRelation({ schema: published.schema, identifier }, kind, published.identifier),
  ]
}

/** Owner, grants, comments, foreign keys: from the old relations to the new ones. */
async function carryStates(
  session: Session,
  { replaced, moved, made, dependents }: Surroundings,
): Promise<void> {
  const fresh = [...made.map(({ published }) => published), ...dependents]
  const states = fresh.length > 0 ? await readBuildStates(session, named(fresh)) : []
  const successors = new Map(states.map((state) => [relationKey(state), state]))
  for (const { published, build } of moved) successors.set(relationKey(published), build)
  const isNew = ({ published }: MovedBuild) => !replaced.has(relationKey(published))
  const grants = await defaultGrants(
    session,
    moved.filter(isNew).map(({ published }) => published.schema),
  )
  await session.runAll([
    ...[...replaced.values(), ...dependents].flatMap((old) =>
      carryOver(old, successors.get(relationKey(old))!),
    ),
    ...moved
      .filter(isNew)
      .flatMap(({ published, build }) =>
        grantStatements(published, grants.get(published.schema) ?? [], build.columns),
      ),
    ...addForeignKeys([...replaced.values()]),
  ])
}

/** Keys between tables that are both replaced belong to the builds, which have their own. */
function addForeignKeys(replaced: readonly RelationState[]): SQLQuery[] {
  const own = new Set(replaced.map(({ oid }) => oid))
  return replaced
    .flatMap(({ foreignKeys }) => foreignKeys)
    .filter(({ tableOid }) => !own.has(tableOid))
    .flatMap(addForeignKey)
}
