import type { Relation } from '../core/node.ts'
import { kafkaReason } from '../stream/kafka.ts'
import { type StreamStanding, streamStanding } from '../stream/stream-standing.ts'
import { chosenStreams, runnableStream } from './chosen-streams.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCount } from './display/numbers.ts'
import { tableLines } from './display/table.ts'
import type { SelectionFlags } from './flags.ts'
import { openWorkspace, withOpenWarehouse } from './workspace.ts'

export interface StreamStatusFlags extends SelectionFlags {
  readonly output: 'text' | 'json'
}

/** Says how far streams are behind: by the brokers where they answer, else by what was known last. */
export async function showStreamStatus(context: CommandContext, flags: StreamStatusFlags): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const nodes = await chosenStreams(context, workspace, flags)
  const renderer = await workspace.openRenderer()
  const standings = await withOpenWarehouse(context, workspace, 1, async (warehouse) => {
    const found: StreamStanding[] = []
    for (const node of nodes) {
      const stream = runnableStream(node, renderer, workspace.root)
      const [table] = stream.spec.tables
      const relation: Relation = { schema: table!.schema, identifier: table!.name }
      found.push(
        await streamStanding(warehouse, stream, relation, context.clock(), (error) =>
          context.narrator.note(
            `${stream.name}: the brokers do not answer, so lag is that of the last batch: ${kafkaReason(error)}`,
          ),
        ),
      )
    }
    return found
  })
  const { out } = context.terminal
  if (flags.output === 'json') out.write(`${JSON.stringify({ streams: standings.map(asJson) }, null, 2)}\n`)
  else for (const line of standings.flatMap(standingLines)) out.write(`${line}\n`)
  return 0
}

/** Offsets are numbers as long as JSON's are exact, which Kafka's are. */
function asJson({ stream, table, rowsPerSecond, isLive, partitions }: StreamStanding) {
  return {
    stream,
    table,
    rows_per_second: rowsPerSecond,
    lag_from: isLive ? 'brokers' : 'last batch',
    lag: partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
    rows: partitions.reduce((sum, { rows }) => sum + rows, 0),
    dead_letters: partitions.reduce((sum, { deadLetters }) => sum + deadLetters, 0),
    partitions: partitions.map((each) => ({
      ...{
        topic: each.topic,
        partition: each.partition,
        next_offset: Number(each.nextOffset),
        lag: each.lag,
      },
      ...{ rows: each.rows, dead_letters: each.deadLetters, reader: each.reader },
      committed_at: each.committedAt,
      newest_message_at: each.newestMessageAt,
    })),
  }
}

function standingLines({ stream, table, rowsPerSecond, partitions }: StreamStanding): string[] {
  const sum = (of: (partition: StreamStanding['partitions'][number]) => number): number =>
    partitions.reduce((total, partition) => total + of(partition), 0)
  const head = `${stream} → ${table}   ${formatCount(sum(({ rows }) => rows))} rows, ${formatCount(Math.round(rowsPerSecond))} a second, ${formatCount(sum(({ lag }) => lag ?? 0))} behind, ${formatCount(sum(({ deadLetters }) => deadLetters))} bad messages`
  if (partitions.length === 0) return [`${stream} → ${table}   never read`, '']
  const rows = partitions.map((each) => [
    `  ${each.topic}/${each.partition}`,
    formatCount(Number(each.nextOffset)),
    each.lag === null ? '?' : formatCount(each.lag),
    formatCount(each.rows),
    formatCount(each.deadLetters),
    each.committedAt ?? 'never',
    each.reader,
  ])
  const listed = tableLines({
    head: ['  partition', 'next', 'behind', 'rows', 'bad', 'written at', 'reader'],
    align: ['left', 'right', 'right', 'right', 'right', 'left', 'left'],
    rows,
  })
  return [head, ...listed, '']
}
