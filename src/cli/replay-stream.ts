import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { kafkaReason } from '../stream/kafka.ts'
import { payloadWriter, type ReplayRow, replayRows } from '../stream/replay.ts'
import { ServerError, type Session, type SQLQuery, sql } from '../warehouse/index.ts'
import { runnableStream, streamNamed } from './chosen-streams.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCount } from './display/numbers.ts'
import { openWorkspace, withOpenWarehouse } from './workspace.ts'

export interface ReplayFlags {
  readonly from: string
  readonly orderBy?: string
  readonly key?: string
  readonly rate?: number
  readonly limit?: number
  readonly spoil?: number
  readonly seed: number
}

/** Writes the rows of a table into a stream's topic. */
export async function replayStream(
  context: CommandContext,
  flags: ReplayFlags,
  name: string,
): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const stream = runnableStream(streamNamed(name, workspace), await workspace.openRenderer(), workspace.root)
  const { file, byId } = stream.spec.schemas
  const schemaFile = file ?? Object.values(byId)[0]
  const schema = schemaFile === undefined ? null : readFileSync(join(workspace.root, schemaFile), 'utf8')
  const encode = payloadWriter(stream.spec, schema)
  const startedMs = context.clock().getTime()
  const { sent, spoilt } = await withOpenWarehouse(context, workspace, 1, (warehouse) =>
    warehouse.withSession(async (session) => {
      context.narrator.phase(`Writing into ${stream.spec.topics[0]}`)
      return replayRows(stream, rowsOf(session, flags), encode, {
        key: flags.key ?? null,
        rate: flags.rate ?? null,
        spoil: flags.spoil ?? 0,
        seed: flags.seed,
        signal: context.signal,
        now: () => context.clock().getTime(),
        onSent: () => {},
      })
    }),
  ).catch((error: unknown) => {
    if (error instanceof ProblemError || error instanceof ServerError) throw error
    const message = `the messages could not be written: ${kafkaReason(error)}`
    throw new ProblemError(makeProblem('kafka-unreachable', message), { cause: error })
  })
  context.narrator.done()
  const seconds = (context.clock().getTime() - startedMs) / 1000
  const bad = spoilt > 0 ? `, ${formatCount(spoilt)} of them cut off` : ''
  context.narrator.show(
    `${formatCount(sent)} messages in ${seconds.toFixed(1)} s, ${formatCount(Math.round(sent / seconds))} a second${bad}`,
  )
  return 0
}

async function* rowsOf(session: Session, { from, orderBy, limit }: ReplayFlags): AsyncIterable<ReplayRow> {
  const order = orderBy ? sql` order by ${sql.join(orderBy.split(',').map(columnOf), ', ')}` : sql``
  const most = limit === undefined ? sql`` : sql` limit ${sql.__dangerous__rawValue(String(limit))}`
  const relation = sql.ident(...from.split('.').map((part) => part.trim()))
  const out = session.copyOut(
    sql`select row_to_json(chosen) from (select * from ${relation}${order}${most}) as chosen`,
    'text',
  )
  for await (const line of createInterface({ input: out, crlfDelay: Number.POSITIVE_INFINITY }))
    yield JSON.parse(line.replace(/\\\\/g, '\\')) as ReplayRow
}

function columnOf(column: string): SQLQuery {
  return sql.ident(column.trim())
}
