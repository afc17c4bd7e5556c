import { createHash, timingSafeEqual } from 'node:crypto'
import type { Dag } from '../core/dag.ts'

/*
 * What a scheduler or worker answers to: probes of Kubernetes, Prometheus, and whoever may start a DAG from outside.
 *
 *     GET  /healthz               the process works; also while the warehouse is away, since a restart would not help
 *     GET  /readyz                it has spoken with the warehouse lately
 *     GET  /metrics               Prometheus
 *     POST /dags/<name>/runs      makes a run; Authorization: Bearer <token>, and {"vars": {…}} if need be
 */

export interface Asked {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly type: 'text/plain' | 'application/json'
  readonly body: string
}

export interface EndpointEffects {
  readonly isAlive: () => boolean
  readonly isReady: () => boolean
  readonly metrics: () => Promise<string>
  readonly findDag: (name: string) => Dag | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Makes a run and gives its id. */
  readonly trigger: (dag: Dag, vars: Readonly<Record<string, unknown>>) => Promise<string>
}

/** Answers a request. */
export async function answer(asked: Asked, effects: EndpointEffects): Promise<Answer> {
  const { method, path } = asked
  if (method === 'GET' && path === '/healthz') return said(effects.isAlive(), 'hangs')
  if (method === 'GET' && path === '/readyz') return said(effects.isReady(), 'the warehouse is away')
  if (method === 'GET' && path === '/metrics') return { ...text(200, await effects.metrics()) }
  // Names of DAGs hold nothing that an address would have to write otherwise.
  const name = /^\/dags\/([^/]+)\/runs$/.exec(path)?.[1]
  if (method === 'POST' && name !== undefined) return trigger(name, asked, effects)
  return text(404, 'not found\n')
}

async function trigger(
  name: string,
  { authorization, body }: Asked,
  effects: EndpointEffects,
): Promise<Answer> {
  const dag = effects.findDag(name)
  const token = dag?.triggers.webhook && effects.environment[dag.triggers.webhook.tokenEnv]
  const given = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
  // Whoever does not know the token does not learn either which DAGs there are.
  if (!dag || !token || given === undefined || !isSame(given, token)) return text(401, 'not allowed\n')
  const vars = varsIn(body)
  if (!vars) return text(400, 'the body is to be empty, or {"vars": {…}}\n')
  const dagRunId = await effects.trigger(dag, vars)
  return { status: 202, type: 'application/json', body: `${JSON.stringify({ dag_run_id: dagRunId })}\n` }
}

/** How long it takes tells nothing of where they differ. */
function isSame(given: string, token: string): boolean {
  const hash = (words: string): Buffer => createHash('sha256').update(words).digest()
  return timingSafeEqual(hash(given), hash(token))
}

function varsIn(body: string): Readonly<Record<string, unknown>> | null {
  if (body.trim() === '') return {}
  try {
    const { vars = {}, ...others } = JSON.parse(body) as { vars?: unknown }
    const isObject = typeof vars === 'object' && vars !== null && !Array.isArray(vars)
    return isObject && Object.keys(others).length === 0 ? (vars as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function said(isSo: boolean, otherwise: string): Answer {
  return isSo ? text(200, 'ok\n') : text(503, `${otherwise}\n`)
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain', body }
}
