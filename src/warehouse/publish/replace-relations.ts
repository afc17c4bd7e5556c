import { randomBytes } from 'node:crypto'
import { type Relation, relationKey } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import {
  createIndex,
  createMaterializedView,
  createView,
  dropRelations,
  relationIdent,
  renameRelation,
  setSchema,
} from '../relation-sql.ts'
import { ServerError } from '../server-error.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import { applyChange, changesColumns } from './apply-change.ts'
import { defaultGrants } from './default-grants.ts'
import type { PublishAction, PublishView, SwapTable } from './publish-action.ts'
import { dependentProblem } from './publish-problem.ts'
import { type Reads, type RelationState, readDependents, readersFirst, readStates } from './relation-state.ts'
import { addForeignKey, carryOver, dropForeignKey, grantStatements, recreate } from './restore-state.ts'

/** What stands before the change. */
interface Before {
  /** What is replaced, by relation key. */
  readonly replaced: ReadonlyMap<string, RelationState>
  readonly builds: ReadonlyMap<string, RelationState>
  /** Views of others that read what is replaced. */
  readonly dependents: readonly RelationState[]
  /** Views of the run's own, which nobody needs any more. */
  readonly leftovers: readonly RelationState[]
  readonly reads: readonly Reads[]
}

/** Puts tables and views in place of the published ones; returns the views of others that were made again. */
export async function replaceRelations(
  session: Session,
  actions: readonly PublishAction[],
  buildSchema?: string,
): Promise<Relation[]> {
  const swaps = actions.filter((action) => action.kind === 'swap-table')
  const views = actions.filter((action) => action.kind === 'view')
  const deltas = actions.filter(({ kind }) => kind === 'apply-delta' || kind === 'apply-versions')
  const reshaped = actions.filter(changesColumns)
  const before = await withEmptySearchPath(session, () =>
    look(session, [...swaps, ...views], swaps, reshaped, buildSchema),
  )

  await dropViews(session, before)
  await lockTables(session, [...before.replaced.values(), ...(await statesOf(session, deltas))])
  for (const change of reshaped) await applyChange(session, change)
  await dropTables(session, before)
  for (const swap of swaps) await moveIn(session, swap)
  await createViews(session, views, before)
  await carryStates(session, swaps, views, before)
  return before.dependents.map(({ schema, identifier }) => ({ schema, identifier }))
}

async function look(
  session: Session,
  replacing: readonly (SwapTable | PublishView)[],
  swaps: readonly SwapTable[],
  reshaped: readonly PublishAction[],
  buildSchema: string | undefined,
): Promise<Before> {
  const replaced = await statesOf(session, replacing)
  const changed = await statesOf(session, reshaped)
  const builds = await readStates(session, names(swaps.map(({ build }) => build)))
  const reads = await readDependents(
    session,
    [...replaced, ...changed].map(({ oid }) => oid),
  )
  const own = new Set(replaced.map(({ oid }) => oid))
  const others = [...new Set(reads.map(({ view }) => view))].filter((oid) => !own.has(oid))
  const found = others.length > 0 ? await readStates(session, { oids: others }) : []
  const isLeftover = ({ schema }: Relation) =>
    buildSchema !== undefined && (schema === buildSchema || schema.startsWith(`${buildSchema}__`))
  return {
    replaced: byKey(replaced),
    builds: byKey(builds),
    dependents: found.filter((state) => !isLeftover(state)),
    leftovers: found.filter(isLeftover),
    reads,
  }
}

function statesOf(session: Session, actions: readonly PublishAction[]): Promise<RelationState[]> {
  return readStates(session, names(actions.map(({ published }) => published)))
}

function names(relations: readonly Relation[]) {
  return {
    schemas: relations.map(({ schema }) => schema),
    identifiers: relations.map(({ identifier }) => identifier),
  }
}

function byKey(states: readonly RelationState[]): Map<string, RelationState> {
  return new Map(states.map((state) => [relationKey(state), state]))
}

/** Definitions come with every name qualified when the search path is empty. */
async function withEmptySearchPath<T>(session: Session, body: () => Promise<T>): Promise<T> {
  const { rows } = await session.query<{ before: string }>(
    sql`select current_setting('search_path') as before`,
  )
  await session.query(sql`set local search_path = ''`)
  const value = await body()
  await session.query(sql`select set_config('search_path', ${rows[0]!.before}, true)`)
  return value
}

/** Views before tables, readers before what they read: the order in which a reader takes its locks, too. */
async function dropViews(
  session: Session,
  { replaced, dependents, leftovers, reads }: Before,
): Promise<void> {
  const states = [...replaced.values(), ...dependents, ...leftovers]
  const byOid = new Map(states.map((state) => [state.oid, state]))
  const views = readersFirst([...byOid.keys()], reads)
    .map((oid) => byOid.get(oid)!)
    .filter(({ kind }) => kind !== 'table')
  for (const sameKind of runsOf(views, ({ kind }) => kind))
    await session.query(dropRelations(sameKind, sameKind[0]!.kind))
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

async function lockTables(session: Session, states: readonly RelationState[]): Promise<void> {
  const tables = states.filter(({ kind }) => kind === 'table').map(relationIdent)
  if (tables.length === 0) return
  await session.query(sql`lock table ${sql.join(tables, ', ')} in access exclusive mode`)
}

/** No CASCADE: what we have not understood must stop us, not disappear. */
async function dropTables(session: Session, { replaced }: Before): Promise<void> {
  const tables = [...replaced.values()].filter(({ kind }) => kind === 'table')
  for (const key of tables.flatMap(({ foreignKeys }) => foreignKeys)) await session.query(dropForeignKey(key))
  if (tables.length > 0) await session.query(sql`drop table ${sql.join(tables.map(relationIdent), ', ')}`)
}

/** Moves a build to its place; by way of a name that nobody else has when the names differ. */
async function moveIn(session: Session, { build, published }: SwapTable): Promise<void> {
  if (build.identifier === published.identifier) {
    await session.query(setSchema(build, 'table', published.schema))
    return
  }
  const between = { schema: build.schema, identifier: `estimand_${randomBytes(8).toString('hex')}` }
  await session.query(renameRelation(build, 'table', between.identifier))
  await session.query(setSchema(between, 'table', published.schema))
  await session.query(renameRelation({ ...between, schema: published.schema }, 'table', published.identifier))
}

interface PendingView {
  readonly statements: readonly SQLQuery[]
  /** Set for a view that is not ours. */
  readonly state?: RelationState
}

/**
 * Makes our views and those of others. Which of ours reads one of theirs is not known before, so whatever does
 * not work yet is tried again after the others, as long as any of them works.
 */
async function createViews(session: Session, views: readonly PublishView[], before: Before): Promise<void> {
  const order = readersFirst(
    before.dependents.map(({ oid }) => oid),
    before.reads,
  ).reverse()
  const byOid = new Map(before.dependents.map((state) => [state.oid, state]))
  const own = views.map((view) => ({ statements: createOwnView(view) }))
  // Ours are in order already, and nearly always none of them reads one of theirs: then they go in at once.
  const failure = await tryStatements(
    session,
    own.flatMap(({ statements }) => statements),
  )
  let pending: PendingView[] = [
    ...(failure ? own : []),
    ...order.flatMap((oid) => byOid.get(oid) ?? []).map((state) => ({ statements: recreate(state), state })),
  ]
  while (pending.length > 0) {
    const failed: { readonly view: PendingView; readonly error: ServerError }[] = []
    for (const view of pending) {
      const error = await tryStatements(session, view.statements)
      if (error) failed.push({ view, error })
    }
    if (failed.length === pending.length) throw viewError(failed[0]!.view, failed[0]!.error)
    pending = failed.map(({ view }) => view)
  }
}

function createOwnView({ published, definition, materialized }: PublishView): SQLQuery[] {
  const query = unsafeSql(definition)
  if (!materialized) return [createView(published, query)]
  return [
    createMaterializedView(published, query),
    ...materialized.indexes.map((index) => createIndex(published, index)),
  ]
}

/** Runs statements, or none of them; returns the error if the statements are at fault. */
async function tryStatements(
  session: Session,
  statements: readonly SQLQuery[],
): Promise<ServerError | undefined> {
  await session.query(sql`savepoint attempt`)
  try {
    for (const statement of statements) await session.query(statement)
    await session.query(sql`release savepoint attempt`)
    return undefined
  } catch (error) {
    if (!(error instanceof ServerError) || error.failure.kind !== 'sql') throw error
    await session.query(sql`rollback to savepoint attempt`)
    return error
  }
}

function viewError({ state }: PendingView, error: ServerError): Error {
  if (!state) return error
  const kind = state.kind === 'view' ? 'view' : 'materialized view'
  return new ProblemError(dependentProblem(relationKey(state), kind, error), { cause: error })
}

/** Owner, grants, comments, foreign keys: from the old relations to the new ones. */
async function carryStates(
  session: Session,
  swaps: readonly SwapTable[],
  views: readonly PublishView[],
  before: Before,
): Promise<void> {
  const newViews = await statesOf(session, views)
  const newDependents = await readStates(session, names(before.dependents))
  const successors = new Map([...byKey(newViews), ...byKey(newDependents)])
  for (const { build, published } of swaps)
    successors.set(relationKey(published), before.builds.get(relationKey(build))!)

  for (const old of [...before.replaced.values(), ...before.dependents]) {
    for (const statement of carryOver(old, successors.get(relationKey(old))!)) await session.query(statement)
  }
  for (const { published, build } of swaps) {
    if (before.replaced.has(relationKey(published))) continue
    const { columns } = before.builds.get(relationKey(build))!
    const grants = await defaultGrants(session, published.schema)
    for (const statement of grantStatements(published, grants, columns)) await session.query(statement)
  }
  await addForeignKeys(session, before)
}

/** Keys between tables that are both replaced belong to the builds, which have their own. */
async function addForeignKeys(session: Session, { replaced }: Before): Promise<void> {
  const own = new Set([...replaced.values()].map(({ oid }) => oid))
  const keys = [...replaced.values()].flatMap(({ foreignKeys }) => foreignKeys)
  for (const key of keys.filter(({ tableOid }) => !own.has(tableOid))) await session.query(addForeignKey(key))
}
