import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../schedule/notify/send-notice.ts'
import { openLineageEvent } from '../schedule/open-lineage.ts'
import type { Tracing } from '../schedule/open-telemetry.ts'
import { type StepNode, stepNodes } from '../schedule/step-nodes.ts'
import type { WorkerEvent } from '../schedule/worker.ts'
import type { ClaimedStep } from '../store/dags/index.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { CommandContext } from './command-context.ts'
import { artifactFolder } from './dag-step.ts'
import type { OpenTarget } from './open-target.ts'
import { makeScrub } from './scrub.ts'
import { packageVersion } from './version.ts'

/*
 * Tells those who watch from outside what becomes of steps: OpenLineage events go to OPENLINEAGE_URL, spans of
 * OpenTelemetry to where the standard variables say. Neither delays a step, and who does not take it misses it.
 */

export interface RunObserver {
  readonly emit: (event: WorkerEvent) => void
  /** Waits a moment for what is being sent. */
  readonly close: () => Promise<void>
}

const timeoutMs = 5_000

/** Makes what tells of steps; it tells nobody where nobody is named. */
export async function observeRuns(
  context: CommandContext,
  opened: OpenTarget,
  { target }: Pick<Warehouse, 'target'>,
): Promise<RunObserver> {
  const { environment, clock, log } = context
  const url = lineageUrl(context)
  const scrub = makeScrub(environment)
  const tracing = await openTracing(context)
  if (!url && !tracing) return { emit: () => {}, close: async () => {} }
  const begun = new Map<string, Date>()
  const sending = new Set<Promise<unknown>>()
  const names = {
    namespace: environment['OPENLINEAGE_NAMESPACE'] ?? opened.config.name,
    datasets: `postgres://${target.host}:${target.port}`,
  }
  const send = (event: WorkerEvent, at: Date, nodes: readonly StepNode[]): void => {
    const body = url ? openLineageEvent(event, { ...names, at, nodes }) : null
    if (!url || !body) return
    const sent = post(url, environment, body).then((reason) => {
      if (reason !== null) log.write('debug', `OpenLineage: ${reason}`)
    })
    sending.add(sent)
    void sent.finally(() => sending.delete(sent))
  }
  const tell = (event: WorkerEvent): void => {
    if (event.type !== 'step_started' && event.type !== 'step_ended') return
    const at = clock()
    if (event.type === 'step_started') begun.set(event.step.runId, at)
    const nodes = event.type === 'step_ended' ? nodesOf(opened.targetPath, event.step, scrub) : []
    send(event, at, nodes)
    if (event.type !== 'step_ended') return
    tracing?.stepEnded({ event, startedAt: begun.get(event.step.runId) ?? at, endedAt: at, nodes })
    begun.delete(event.step.runId)
  }
  return {
    emit(event) {
      try {
        tell(event)
      } catch (error) {
        // A manifest that somebody else has left there, say: nothing that a step is to fail for.
        log.write('debug', `a step could not be told of: ${String(error)}`)
      }
    },
    async close() {
      const all = Promise.allSettled([...sending, tracing?.close()])
      const over = new AbortController()
      await Promise.race([all, sleep(timeoutMs, undefined, { signal: over.signal }).catch(() => {})])
      over.abort()
    },
  }
}

/** Loaded only where it is asked for. */
async function openTracing({ environment, narrator, log }: CommandContext): Promise<Tracing | null> {
  // The same as wantsSpans, whose file loads what is large.
  if (!environment['OTEL_EXPORTER_OTLP_ENDPOINT'] && !environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])
    return null
  const { makeExporter, makeTracing, otlpProtocol, wantsSpans } = await import(
    '../schedule/open-telemetry.ts'
  )
  if (!wantsSpans(environment)) return null
  // Left to itself, the exporter would send to this machine instead.
  const endpoint =
    environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || environment['OTEL_EXPORTER_OTLP_ENDPOINT']
  if (!endpoint || !httpUrl(endpoint)) {
    narrator.note('OpenTelemetry: the address of the collector is none by http, so no spans are sent')
    return null
  }
  const protocol = otlpProtocol(environment)
  if (protocol !== null) {
    const onLost = (reason: string) => log.write('debug', `OpenTelemetry: ${reason}`)
    return makeTracing(await makeExporter(protocol), packageVersion(), onLost)
  }
  narrator.note('OpenTelemetry: spans are sent by http/protobuf or http/json only, so none are')
  return null
}

/** The nodes of a step that has ended, from its artifacts on this machine. */
function nodesOf(
  targetPath: string,
  { dagRunId, step, try: number }: ClaimedStep,
  scrub: (text: string) => string,
): StepNode[] {
  const folder = artifactFolder(targetPath, dagRunId, step, number)
  const [results, manifest] = [
    readJson(join(folder, 'run_results.json')),
    readJson(join(folder, 'manifest.json')),
  ]
  // A program, or a step that ended before it knew its nodes.
  if (!results || !manifest) return []
  const nodes = stepNodes({ results, manifest, compiled: readJson(join(targetPath, 'manifest.json')) })
  return nodes.map((node) => ({ ...node, message: scrub(node.message) }))
}

function readJson(path: string) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/** Where events go; null where nobody is named, or by no address that can be sent to, which is said. */
function lineageUrl({ environment, narrator }: CommandContext): URL | null {
  const given = environment['OPENLINEAGE_URL']
  if (!given) return null
  const path = environment['OPENLINEAGE_ENDPOINT'] ?? 'api/v1/lineage'
  const url = httpUrl(path, given.endsWith('/') ? given : `${given}/`)
  if (url?.username === '' && url.password === '') return url
  narrator.note('OpenLineage: OPENLINEAGE_URL is no address by http without a password, so nothing is sent')
  return null
}

function httpUrl(text: string, base?: string): URL | null {
  const url = URL.canParse(text, base) ? new URL(text, base) : null
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : null
}

/** Returns why it could not be sent, without the address and the key; null when it was. */
async function post(
  url: URL,
  environment: CommandContext['environment'],
  body: Readonly<Record<string, unknown>>,
): Promise<string | null> {
  const key = environment['OPENLINEAGE_API_KEY']
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.body?.cancel()
    return response.ok ? null : `it answered ${response.status}`
  } catch (error) {
    return reasonOf(error)
  }
}
