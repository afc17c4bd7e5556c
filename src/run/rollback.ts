import { type Relation, relationKey } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import {
  describeHolder,
  hasRunPublished,
  type KeptPublication,
  keysOf,
  type Lease,
  migrateStore,
  type RunOwner,
  readKeptPublications,
  readRunBefore,
  recordRewritten,
  recordRollback,
  restoreNotes,
  type StartedBy,
  withLease,
} from '../store/index.ts'
import {
  type KeptRows,
  type PublishAction,
  publish,
  type ReplacedRelation,
  relationFiles,
  type Session,
  undoRows,
  type Warehouse,
} from '../warehouse/index.ts'
import { makeAskAgain } from './ask-again.ts'
import { dropBuildSchemas } from './build-schemas.ts'
import { keptSchemaOf } from './relations.ts'
import { isAway, type Retry, usualRetries } from './retry-policy.ts'
import { isBlocked } from './retry-publication.ts'
import { withRetries } from './with-retries.ts'

/*
 * Taking publications back: what they replaced is published again, in one transaction, with what the store said of it.
 * Everything that hangs on the relations survives as it does when a run publishes. Rows that were changed in place are
 * put back first, so that whatever is made again from them reads them.
 */

export interface RollbackRequest {
  readonly warehouse: Warehouse
  readonly owner: RunOwner
  readonly runId: string
  /** The run whose publication is to stand afterwards, or the beginning of its id; without it, the one before the last. */
  readonly to?: string
  readonly dryRun: boolean
  readonly waitMs: number
  readonly startedBy: StartedBy
  readonly clock: () => Date
  readonly signal: AbortSignal
  /** Told, in words, what is waited for or tried again. */
  readonly say: (words: string) => void
}

/** A relation as it was before the oldest of the publications that are taken back. */
export interface PutBack extends ReplacedRelation {
  readonly publication: number
  /** The table that it comes from: the one that stands there, or one that is kept. */
  readonly table: Relation
  /** Changes of that table's rows that are undone, the newest first. */
  readonly changes: readonly KeptRows[]
  /** Those before them, which may be undone later. */
  readonly older: readonly KeptRows[]
}

/** What a rollback does. */
export interface Rollback {
  /** The publications that are taken back, the newest first. */
  readonly undone: readonly KeptPublication[]
  /** What is put back. */
  readonly restored: readonly PutBack[]
  /** What was published for the first time: it stays, and the next run builds it anew. */
  readonly left: readonly Relation[]
}

/** Takes publications back, or says what that would do. */
export async function rollback(request: RollbackRequest): Promise<Rollback> {
  const { warehouse, owner, dryRun, waitMs, startedBy, signal, say } = request
  const askAgain = makeAskAgain(`${request.runId} looks back`, null, {
    signal,
    emit: (event) => event.type === 'log' && say(event.message),
  })
  // A look leaves the store as it is; where it has no such table yet, nothing is kept.
  if (!dryRun) await askAgain(() => migrateStore(warehouse.control))
  const planned = await askAgain(() => planRollback(request))
  if (dryRun) return planned
  return withLease(
    warehouse,
    {
      ...{ runId: null, waitMs, startedBy, signal, askAgain, command: 'rollback' },
      project: owner.project,
      schema: owner.schema,
      relations: relationsOfAll(planned),
      onWaiting: ([holder]) => say(`Waiting for another run to finish: ${describeHolder(holder!)}`),
    },
    (lease) => untilTakenBack(request, lease),
  )
}

/**
 * Takes back until that has happened, once. When the connection is lost at the end the store tells whether it has; what
 * is taken back twice is not what anybody asked for.
 */
async function untilTakenBack(request: RollbackRequest, lease: Lease): Promise<Rollback> {
  const { warehouse, runId, signal, say } = request
  let planned: Rollback | undefined
  const isDone = async (): Promise<boolean> => {
    await lease.hold()
    await lease.endSessions(warehouse.lostProcesses())
    return hasRunPublished(warehouse.control, runId)
  }
  const retrying = {
    ...{ spec: { retries: usualRetries }, who: `${runId} takes back`, signal, isFinal: isBlocked },
    onRetry: ({ reason }: Retry) => say(`taking back is tried again: ${reason}`),
  }
  const trying = withRetries(retrying, async (attempt) => {
    if (attempt > 1 && (await isDone())) return
    // Whoever was before us may have published.
    planned = await planRollback(request)
    await takeBack(request, planned, lease)
  })
  await trying.catch(async (error: unknown) => {
    if (!isAway(error) || !(await isDone())) throw error
  })
  return planned!
}

/** Puts everything back in one transaction, with what the store says of it. */
async function takeBack(
  { warehouse, owner, runId, clock, signal, say }: RollbackRequest,
  { undone, restored, left }: Rollback,
  lease: Lease,
): Promise<void> {
  const at = clock()
  await publish(warehouse, restored.flatMap(actionOf), {
    signal,
    onWaiting: (holders) => say(`taking back waits for ${holders}`),
    first: async (session) => {
      await lease.beginPublication(session)
      for (const one of restored) await undoChanges(session, one)
    },
    within: async (session) => {
      await recordRollback(session, owner, runId, at)
      const publication = undone.at(-1)!.publication
      const forgotten = left.map((relation) => ({ relation, publication }))
      await restoreNotes(session, [...restored, ...forgotten], undone, at)
      for (const { runId: takenBack } of undone) await dropBuildSchemas(session, keptSchemaOf(takenBack))
    },
  })
}

function relationsOfAll({ restored, left }: Rollback): Relation[] {
  return [...restored.map(({ relation }) => relation), ...left]
}

async function planRollback({ warehouse, owner, to }: RollbackRequest): Promise<Rollback> {
  const kept = await readKeptPublications(warehouse.control, owner)
  const first = kept.at(-1)
  const before = first ? await readRunBefore(warehouse.control, owner, first) : null
  const undone = undoneBy(kept, before, to)
  const overtaken = undone[0]!.overtaken
  if (overtaken.length > 0)
    throw refused(`another run has published ${overtaken.join(', ')} since`, 'nothing was changed')
  const grown = undone.flatMap(({ relations }) => relations).filter(({ kind }) => kind === 'grown')
  if (grown.length > 0)
    throw refused(
      `nothing is kept of what was changed in place: ${[...new Set(keysOf(grown))].join(', ')}`,
      'it is not an ordinary table, or an older version published it; nothing was changed',
    )
  const all = putBacks(undone, kept.slice(undone.length))
  const restored = all.filter(({ kind }) => kind !== 'none')
  if (restored.length === 0)
    throw refused('all that was published was published for the first time', 'there is nothing to put back')
  const tables = restored.flatMap(({ keptAs, changes }) => [
    ...(keptAs ? [keptAs] : []),
    ...changes.map((change) => change.keptAs),
  ])
  const files = await relationFiles(warehouse.control, tables)
  const gone = tables.map(relationKey).filter((key) => !files.has(key))
  if (gone.length > 0)
    throw refused(`somebody has dropped what was kept: ${gone.join(', ')}`, 'nothing was changed')
  return { undone, restored, left: all.filter(({ kind }) => kind === 'none').map(({ relation }) => relation) }
}

/** What was replaced or changed several times goes back to where it was before the first time. */
function putBacks(undone: readonly KeptPublication[], staying: readonly KeptPublication[]): PutBack[] {
  const found = new Map<string, PutBack>()
  for (const { publication, relations } of undone)
    for (const one of relations) {
      const key = relationKey(one.relation)
      const newer = found.get(key) ?? { table: one.relation, changes: [] }
      const change = keptRows(publication, one)
      const table = one.kind === 'table' ? one.keptAs! : newer.table
      const changes = one.kind === 'rows' ? [...newer.changes, ...(change ? [change] : [])] : []
      found.set(key, { ...one, publication, table, changes, older: [] })
    }
  const older = staying.flatMap(({ publication, relations }) =>
    relations.flatMap((one) => {
      const change = keptRows(publication, one)
      return change ? [{ key: relationKey(one.relation), change }] : []
    }),
  )
  return [...found].map(([key, one]) => ({
    ...one,
    older: older.filter((other) => other.key === key).map(({ change }) => change),
  }))
}

function keptRows(publication: number, { kind, keptAs, written }: ReplacedRelation): KeptRows | null {
  return kind === 'rows' && keptAs ? { publication, keptAs, written: written! } : null
}

/** Puts back the rows of a table that changed in place. */
async function undoChanges(session: Session, { relation, table, changes, older }: PutBack): Promise<void> {
  if (changes.length === 0) return
  const rewritten = await undoRows(session, table, changes, older)
  if (rewritten === null)
    throw refused(
      `the rows of ${relationKey(relation)} are not those that runs have left there`,
      'somebody else has changed, copied or rewritten them since; nothing was changed',
    )
  await recordRewritten(session, relation, rewritten)
}

/** The publications that came after the one that is to stand; `before` is the run that published before all of them. */
function undoneBy(
  kept: readonly KeptPublication[],
  before: string | null,
  to: string | undefined,
): readonly KeptPublication[] {
  if (kept.length === 0)
    throw refused(
      'nothing is kept of what publications replaced',
      'keep_publications: 1 in project.yml keeps it',
    )
  if (to === undefined) return kept.slice(0, 1)
  const runs = [...kept.map(({ runId }) => runId), ...(before === null ? [] : [before])]
  const at = runs.findIndex((runId) => runId.startsWith(to.toLowerCase()))
  if (at > 0) return kept.slice(0, at)
  const known = `those that can be named: ${runs.slice(1).join(', ') || 'none'}`
  throw refused(at === 0 ? `${to} is what is published` : `no publication ${to} is kept`, known)
}

function actionOf({ relation, kind, table, definition, indexes, functions }: PutBack): PublishAction[] {
  switch (kind) {
    case 'table':
    case 'rows':
      return relationKey(table) === relationKey(relation)
        ? []
        : [{ kind: 'swap-table', build: table, published: relation }]
    case 'function':
      return [{ kind: 'function', published: relation, definitions: functions }]
    default:
      return [
        {
          kind: 'view',
          published: relation,
          definition: definition!,
          ...(kind === 'materialized_view' && { materialized: { indexes: [], indexStatements: indexes } }),
        },
      ]
  }
}

function refused(message: string, hint: string): ProblemError {
  return new ProblemError(makeProblem('rollback-refused', message, { hint }))
}
