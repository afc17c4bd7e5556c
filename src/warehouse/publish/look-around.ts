import { type Relation, relationKey } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import type { Session } from '../session.ts'
import { changesColumns, isGrowing } from './apply-change.ts'
import type { PublishAction, PublishView, SwapTable } from './publish-action.ts'
import { missingBuild } from './publish-problem.ts'
import {
  type BuildState,
  named,
  type Reads,
  type RelationState,
  readBuildStates,
  readDependents,
  readInputs,
  readStates,
} from './relation-state.ts'
import { movableViews } from './view-moves.ts'

/*
 * What stands before a publication, and what follows from it: which of our views are moved, which are made and which
 * stay, and which views of others have to be made again.
 */

export interface Surroundings {
  /** What is replaced, by relation key. */
  readonly replaced: ReadonlyMap<string, RelationState>
  /** Builds that are moved to their place, with what they bring along. */
  readonly moved: readonly MovedBuild[]
  /** Views of ours that are made from their definitions. */
  readonly made: readonly PublishView[]
  /** Views of ours that stay as they are. */
  readonly kept: readonly Relation[]
  /** Tables that stay and get other rows. */
  readonly grown: readonly RelationState[]
  /** Views of others that read what is replaced. */
  readonly dependents: readonly RelationState[]
  /** Views of the run's own that read what is replaced, and that nobody needs any more. */
  readonly leftovers: readonly RelationState[]
  /** Who reads what is replaced, directly or through others. */
  readonly reads: readonly Reads[]
}

export interface MovedBuild {
  readonly published: Relation
  readonly build: BuildState
}

type Replacing = SwapTable | PublishView

/** Looks at all that the actions concern; the search path must be empty. */
export async function lookAround(
  session: Session,
  actions: readonly PublishAction[],
  buildSchema: string | undefined,
): Promise<Surroundings> {
  const replacing = actions.filter((action) => action.kind === 'swap-table' || action.kind === 'view')
  const growing = actions.filter(isGrowing)
  const { stateOf, buildOf } = await statesOf(session, [...replacing, ...growing])
  const oidsOf = (of: readonly PublishAction[]) =>
    of.flatMap(({ published }) => stateOf(published)?.oid ?? [])

  const mayStay = new Set<PublishAction>(
    replacing.filter((action) => isUnchanged(action, stateOf(action.published))),
  )
  const changing = actions.filter(
    (action) => changesColumns(action) || (isReplacing(action) && !mayStay.has(action)),
  )
  const reads = await readDependents(session, oidsOf(changing))
  const readers = new Set(reads.map(({ view }) => view))
  const [kept, going] = parted(
    replacing,
    (action) => mayStay.has(action) && !readers.has(stateOf(action.published)!.oid),
  )
  const own = new Set(oidsOf(replacing))
  const isOfRun = schemasOfRun(replacing, buildSchema)
  const [leftovers, dependents] = parted(
    await readersOfOthers(
      session,
      [...readers].filter((oid) => !own.has(oid)),
    ),
    ({ schema }) => isOfRun(schema),
  )
  const falling = new Set([...oidsOf(going), ...readers])
  const moves = await movesOf(session, going, buildOf, isOfRun, falling)
  return {
    replaced: new Map(
      going.flatMap(({ published }) => {
        const state = stateOf(published)
        return state ? [[relationKey(published), state] as const] : []
      }),
    ),
    moved: going.flatMap((action) => moves.get(action) ?? []),
    made: going.filter((action) => action.kind === 'view').filter((action) => !moves.has(action)),
    kept: kept.map(({ published }) => published),
    grown: growing.flatMap(({ published }) => stateOf(published) ?? []),
    dependents,
    leftovers,
    reads,
  }
}

interface States {
  /** Of what is published, as far as it is there. */
  readonly stateOf: (relation: Relation) => RelationState | undefined
  readonly buildOf: (relation: Relation) => BuildState | undefined
}

/** The states of what is published and of its builds. All is asked only of what there is to carry over from. */
async function statesOf(session: Session, actions: readonly PublishAction[]): Promise<States> {
  const published = actions.map((action) => action.published)
  const builds = actions.flatMap((action) => (isReplacing(action) && action.build ? [action.build] : []))
  const all = [...published, ...builds]
  const found = byKey(all.length > 0 ? await readBuildStates(session, named(all)) : [])
  const standing = published.filter((relation) => found.has(relationKey(relation)))
  const states = byKey(standing.length > 0 ? await readStates(session, named(standing)) : [])
  return {
    stateOf: (relation) => states.get(relationKey(relation)),
    buildOf: (relation) => found.get(relationKey(relation)),
  }
}

function byKey<R extends Relation>(relations: readonly R[]): ReadonlyMap<string, R> {
  return new Map(relations.map((relation) => [relationKey(relation), relation]))
}

async function readersOfOthers(session: Session, oids: readonly number[]): Promise<RelationState[]> {
  return oids.length > 0 ? readStates(session, { oids }, { withDefinitions: true }) : []
}

function isReplacing(action: PublishAction): action is Replacing {
  return action.kind === 'swap-table' || action.kind === 'view'
}

function isUnchanged(action: Replacing, published: RelationState | undefined): boolean {
  return (
    action.kind === 'view' && !action.materialized && action.unchanged === true && published?.kind === 'view'
  )
}

/** Whether a schema is one that goes away with the run. */
function schemasOfRun(
  actions: readonly Replacing[],
  buildSchema: string | undefined,
): (schema: string) => boolean {
  const built = new Set(actions.flatMap(({ build }) => build?.schema ?? []))
  return (schema) =>
    built.has(schema) ||
    (buildSchema !== undefined && (schema === buildSchema || schema.startsWith(`${buildSchema}__`)))
}

/** The builds that are moved: every table, and the views that can be. */
async function movesOf(
  session: Session,
  actions: readonly Replacing[],
  buildOf: States['buildOf'],
  isOfRun: (schema: string) => boolean,
  falling: ReadonlySet<number>,
): Promise<ReadonlyMap<PublishAction, MovedBuild>> {
  const found = new Map<PublishAction, MovedBuild>()
  for (const action of actions) {
    const build = action.build && buildOf(action.build)
    if (build) found.set(action, { published: action.published, build })
    else if (action.kind === 'swap-table') throw new ProblemError(missingBuild(action.build))
  }
  const [views, tables] = parted([...found], ([{ kind }]) => kind === 'view')
  const candidates = views.map(([, { build }]) => build.oid)
  const inputs = candidates.length > 0 ? await readInputs(session, candidates) : []
  const ofRun = new Set(inputs.filter(({ schema }) => isOfRun(schema)).map(({ relation }) => relation))
  const movable = movableViews({
    candidates,
    inputs,
    ofRun,
    moving: new Set(tables.map(([, { build }]) => build.oid)),
    falling,
  })
  for (const [action, { build }] of views) if (!movable.has(build.oid)) found.delete(action)
  return found
}

/** Those for which it holds, and the others. */
function parted<T>(items: readonly T[], holds: (item: T) => boolean): [T[], T[]] {
  const yes: T[] = []
  const no: T[] = []
  for (const item of items) (holds(item) ? yes : no).push(item)
  return [yes, no]
}
