import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { usualGroupTimes } from '../stream/kafka.ts'
import { runStream, type StreamEvent } from '../stream/run-stream.ts'
import { resolveConnection, withWarehouse } from '../warehouse/index.ts'
import { chosenStreams, runnableStream } from './chosen-streams.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCount, formatDuration } from './display/numbers.ts'
import type { SelectionFlags } from './flags.ts'
import { embeddedEffects, openWorkspace } from './workspace.ts'

export interface StreamRunFlags extends SelectionFlags {
  readonly untilCaughtUp?: boolean
  /** Seconds. */
  readonly sessionTimeout: number
  /** Seconds. */
  readonly reportEvery: number
}

/** Reads the selected streams side by side until Ctrl-C. A stream that cannot go on ends them all. */
export async function runStreams(context: CommandContext, flags: StreamRunFlags): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const streams = await chosenStreams(context, workspace, flags)
  if (streams.length === 0) return 0
  const renderer = await workspace.openRenderer()
  const runnable = streams.map((node) => runnableStream(node, renderer, workspace.root))
  const failed = new AbortController()
  // Ctrl-C ends the reading and not what is being written: that is finished first.
  const signal = AbortSignal.any([context.signal, failed.signal])
  const withFreshWarehouse: Parameters<typeof runStream>[2]['withWarehouse'] = async (body) => {
    const connection = await resolveConnection(workspace.chosen, workspace.root, embeddedEffects(context))
    await withWarehouse(connection, { threads: 2, applicationName: `estimand ${context.command}` }, body)
  }
  const times = {
    sessionTimeoutMs: flags.sessionTimeout * 1000,
    heartbeatIntervalMs: Math.min(usualGroupTimes.heartbeatIntervalMs, flags.sessionTimeout * 200),
    rebalanceTimeoutMs: usualGroupTimes.rebalanceTimeoutMs,
  }
  const runs = runnable.map((stream) =>
    runStream(
      stream,
      { times, untilCaughtUp: flags.untilCaughtUp ?? false, reportEveryMs: flags.reportEvery * 1000 },
      {
        withWarehouse: withFreshWarehouse,
        readFile: (path) => readFileSync(join(workspace.root, path), 'utf8'),
        clock: context.clock,
        signal,
        tell: (event) => tellStream(event, context),
      },
    ).catch((error: unknown) => {
      failed.abort()
      throw error
    }),
  )
  const ended = await Promise.allSettled(runs)
  const failure = ended.find((one) => one.status === 'rejected')
  if (failure) throw failure.reason
  return 0
}

/** Tells how a stream goes, on the stream of events and to people. */
function tellStream(event: StreamEvent, { events, narrator, flags }: CommandContext): void {
  const msg = inWords(event)
  const level = event.type === 'waiting' ? 'warn' : 'info'
  events.tell({ name: 'StreamProgress', level, msg, data: { ...event } })
  if (flags.logFormat === 'text') narrator.show(msg)
}

function inWords(event: StreamEvent): string {
  switch (event.type) {
    case 'started':
      return `${event.stream}: reading as ${event.reader}`
    case 'waiting':
      return `${event.stream}: ${event.reason}; trying again in ${formatDuration(event.pauseMs)}`
    case 'stopped':
      return `${event.stream}: stopped after ${formatCount(event.rows)} rows${deadWords(event.deadLetters)}`
    case 'progress': {
      const rate = Math.round(event.rows / event.seconds)
      return `${event.stream}: ${formatCount(event.rows)} rows, ${formatCount(rate)} a second, ${formatCount(event.lag)} behind${deadWords(event.deadLetters)}`
    }
  }
}

function deadWords(count: number): string {
  return count === 0 ? '' : `, ${formatCount(count)} bad ${count === 1 ? 'message' : 'messages'}`
}
