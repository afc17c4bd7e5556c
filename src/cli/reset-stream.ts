import { makeProblem, ProblemError } from '../core/problem.ts'
import { setPositions } from '../store/index.ts'
import { ensureStreamTables } from '../stream/ensure-tables.ts'
import { kafkaReason } from '../stream/kafka.ts'
import { endsOf, topicIdsOf } from '../stream/stream-standing.ts'
import { runnableStream, streamNamed } from './chosen-streams.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCounted } from './display/numbers.ts'
import { openWorkspace, withOpenWarehouse } from './workspace.ts'

export interface ResetFlags {
  readonly to: 'earliest' | 'latest'
}

/** Sets where a stream goes on. Its rows stay, so that going back may bring messages a second time. */
export async function resetStream(
  context: CommandContext,
  { to }: ResetFlags,
  name: string,
): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const node = streamNamed(name, workspace)
  const stream = runnableStream(node, await workspace.openRenderer(), workspace.root)
  const [ends, ids] = await Promise.all([endsOf(stream, to), topicIdsOf(stream)]).catch((error: unknown) => {
    const message = `the brokers of stream '${name}' do not answer: ${kafkaReason(error)}`
    throw new ProblemError(makeProblem('kafka-unreachable', message))
  })
  const places = [...ends].map(([key, offset]) => {
    const at = key.lastIndexOf('/')
    const topic = key.slice(0, at)
    return { topic, partition: Number(key.slice(at + 1)), topicId: ids.get(topic)!, start: offset }
  })
  const [table] = stream.spec.tables
  await withOpenWarehouse(context, workspace, 1, (warehouse) =>
    warehouse.withSession(async (session) => {
      await ensureStreamTables(session, stream.spec)
      await setPositions(
        session,
        { schema: table!.schema, identifier: table!.name },
        'estimand stream reset',
        places,
      )
    }),
  )
  context.narrator.note(
    `${name} goes on from the ${to} message of ${formatCounted(places.length, 'partition')}.`,
  )
  return 0
}
