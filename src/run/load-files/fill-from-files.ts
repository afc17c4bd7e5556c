import { availableParallelism } from 'node:os'
import type { LoadedFile } from '../../core/loaded-file.ts'
import type { Relation } from '../../core/node.ts'
import { type Session, sql } from '../../warehouse/index.ts'
import type { RunContext } from '../run-context.ts'
import { type BadRow, type BadRows, makeBadRows, TooManyBadRowsError } from './bad-rows.ts'
import { type Copied, copyRecords, failureOfData, withoutBreak } from './copy-records.ts'
import { type FileUnderWay, type Reading, readFiles, type Task } from './read-files.ts'
import type { TypedField } from './route.ts'
import { placesOfRecords } from './scan-records.ts'
import { loadProblem, type RowsLoad } from './source-of.ts'
import { insertStaged, makeStage, type Stage, stageReasons } from './staged-rows.ts'
import { announceFile, checkPartitions, orderSetting } from './table-defaults.ts'

/*
 * Filling a table from files: one reads and cuts them into chunks, some connections copy the chunks. A chunk is copied
 * in a transaction of its own; the table is one that nobody else sees.
 */

export interface Filling {
  readonly node: RowsLoad
  /** The table to fill, which is there. */
  readonly into: Relation
  readonly fields: readonly TypedField[]
  readonly files: Reading['files']
  /** Where bad rows are kept; undefined where they are not. */
  readonly quarantine: Relation | undefined
  /** Whether it matters which of two rows came later. */
  readonly isOrdered: boolean
}

export interface Filled {
  readonly rows: number
  readonly badRows: number
  readonly files: readonly LoadedFile[]
}

/** Bytes for which another connection pays. */
const worthAnotherBytes = 4 * 1024 * 1024

/** Fills a table from files; throws a problem where one of them cannot be loaded as a whole. */
export async function fillFromFiles(filling: Filling, context: RunContext): Promise<Filled> {
  const { node, fields, files, quarantine } = filling
  const { warehouse, effects } = context
  const stop = new AbortController()
  const reading = readFiles({
    node,
    files,
    fields,
    signal: AbortSignal.any([effects.signal, stop.signal]),
  })
  const badRows = makeBadRows({
    policy: node.spec.badRows,
    encoding: node.spec.dialect.encoding,
    runId: context.plan.runId,
    load: node.name,
    quarantine,
  })
  const shared: Shared = { filling, context, reading, badRows, isStopped: () => stop.signal.aborted }
  const count = connectionsFor(files, context.threads)
  const workers = Array.from({ length: count }, () =>
    warehouse
      .withSession((session) => copyChunks(session, shared))
      .catch((error: unknown) => {
        // One connection's failure is the load's: the others end before their table is dropped.
        stop.abort()
        throw error
      }),
  )
  const ended = await Promise.allSettled(workers)
  await reading.close()
  const failure = firstFailure(ended)
  if (failure !== undefined) throw explained(failure, filling)
  const { loaded } = reading
  const rows = loaded.reduce((sum, file) => sum + file.rows, 0)
  try {
    badRows.check(rows + badRows.count)
  } catch (error) {
    throw explained(error, filling)
  }
  return { rows, badRows: badRows.count, files: loaded }
}

/** The first that failed counts; the others were stopped for it. */
function firstFailure(ended: readonly PromiseSettledResult<void>[]): unknown {
  const reasons = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  return reasons.find((reason) => !isAbort(reason)) ?? reasons[0]
}

function isAbort(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'AbortError'
}

function connectionsFor(files: Reading['files'], threads: number): number {
  const most = Math.max(1, Math.min(threads, availableParallelism() + 1))
  const bytes = files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? worthAnotherBytes * most), 0)
  return Math.max(1, Math.min(most, Math.ceil(bytes / worthAnotherBytes)))
}

interface Shared {
  readonly filling: Filling
  readonly context: RunContext
  readonly reading: ReturnType<typeof readFiles>
  readonly badRows: BadRows
  readonly isStopped: () => boolean
}

/** Works on one connection until there are no chunks any more. */
async function copyChunks(session: Session, shared: Shared): Promise<void> {
  const { reading, isStopped } = shared
  // What a COPY leaves out is told in notices.
  await session.query(sql`select set_config('client_min_messages', 'notice', false)`)
  const stages = new Map<string, Stage>()
  let current: FileUnderWay | undefined
  for (;;) {
    const task = isStopped() ? undefined : await reading.next()
    if (!task) break
    if (task.file !== current) await beginFile(session, task.file, shared)
    current = task.file
    await copyTask(session, task, stages, shared)
  }
  for (const { relation } of stages.values())
    await session.query(sql`drop table ${sql.ident(relation.schema, relation.identifier)}`)
  await session.query(sql`select set_config('client_min_messages', 'warning', false)`)
}

/** Tells the session the values of a file's folders, which hold for all its rows: one that is none fails the load. */
async function beginFile(
  session: Session,
  { address, partitionValues }: FileUnderWay,
  { filling: { node, fields } }: Shared,
): Promise<void> {
  await announceFile(session, partitionValues)
  try {
    await checkPartitions(session, fields)
  } catch (error) {
    const failure = failureOfData(error)
    throw failure ? loadProblem(node, `the folders of ${address}: ${failure.message}`) : error
  }
}

async function copyTask(
  session: Session,
  { file, chunk, ordinal }: Task,
  stages: Map<string, Stage>,
  { filling, context, reading, badRows }: Shared,
): Promise<void> {
  if (filling.isOrdered)
    await session.query(sql`select set_config(${orderSetting}, ${String(ordinal)}, false)`)
  const { route } = file
  const stage = route.kind === 'staged' ? await stageFor(session, stages, route) : undefined
  const target = {
    relation: stage?.relation ?? filling.into,
    columns: route.kind === 'direct' ? route.columns : route.staging.map(({ name }) => name),
    ...(route.kind === 'staged' && {
      reasons: stageReasons,
      namesOfColumns: new Map(route.staging.map(({ name, field }) => [name, field])),
    }),
    format: file.copy,
    quote: file.quote,
    canSkip: context.warehouse.serverVersion >= 170_000,
  }
  let copied = await copyRecords(session, target, chunk.bytes, chunk.line)
  if (copied.resent) reading.shrinkChunks()
  if (stage) copied = await throughStage(session, stage, filling.into, file, chunk, copied)
  if (file.countsRows) copied = atRows(copied, file, chunk)
  file.rows += copied.rows
  file.badRows += copied.bad.length
  const { sofar, expected } = reading.count(copied.rows + copied.bad.length)
  await badRows.add(session, file.address, copied.bad, { sofar, expected })
  const { emit } = context.effects
  emit({ type: 'node_progress', nodeId: filling.node.id, rows: sofar, expectedRows: expected })
}

async function stageFor(session: Session, stages: Map<string, Stage>, route: Stage['route']): Promise<Stage> {
  const key = JSON.stringify(route)
  const stage = stages.get(key) ?? (await makeStage(session, `estimand_stage_${stages.size}`, route))
  stages.set(key, stage)
  return stage
}

/** Moves the rows of a chunk from the stage to the table. */
async function throughStage(
  session: Session,
  stage: Stage,
  into: Relation,
  { quote }: FileUnderWay,
  { bytes, line }: Task['chunk'],
  staged: Copied,
): Promise<Copied> {
  const { rows, bad } = await insertStaged(session, stage, into)
  if (bad.length === 0) return { ...staged, rows }
  // The rows in the stage are those of the chunk, in their order, but for those that did not get there.
  const absent = new Set([...staged.blankLines, ...staged.bad.map((record) => record.line)])
  const places = placesOfRecords(bytes, quote).filter((place) => !absent.has(line + place.line))
  const more = bad.map(({ position, column, reason }) => {
    const place = places[position]!
    const raw = withoutBreak(bytes.subarray(place.start, place.end))
    return { line: line + place.line, column, reason, raw }
  })
  return { ...staged, rows, bad: [...staged.bad, ...more] }
}

/** With the numbers of rows in the place of lines. */
function atRows(copied: Copied, { quote }: FileUnderWay, { bytes, line }: Task['chunk']): Copied {
  if (copied.bad.length === 0) return copied
  const rows = new Map(placesOfRecords(bytes, quote).map((place, index) => [line + place.line, line + index]))
  return { ...copied, bad: copied.bad.map((record) => ({ ...record, line: rows.get(record.line)! })) }
}

function explained(error: unknown, { node, into }: Filling): unknown {
  if (!(error instanceof TooManyBadRowsError)) return error
  const shown = error.examples.map((row) => `${placeOf(row)}: ${row.reason}\n    ${row.raw.slice(0, 200)}`)
  const [first] = error.examples
  return loadProblem(
    node,
    node.spec.badRows.onBadRow === 'fail' && first
      ? `${first.file}:${first.line}  ${first.column ? `${first.column}: ` : ''}${first.reason}`
      : `${into.identifier}: ${error.message}`,
    node.spec.badRows.onBadRow === 'fail'
      ? 'on_bad_row: quarantine keeps such rows in a table beside this one'
      : `${encodingHint(first)}nothing was loaded; for example\n${shown.join('\n')}`,
  )
}

/** Texts of before Unicode are what most broken ones are. */
function encodingHint(first: BadRow | undefined): string {
  const isBroken = /invalid byte sequence.*0x[89a-f]/i.test(first?.reason ?? '')
  return isBroken ? 'is the file in another encoding? encoding: win1252\n' : ''
}

function placeOf({ file, line, column }: BadRow): string {
  return `${file}:${line}${column === null ? '' : ` ${column}`}`
}
