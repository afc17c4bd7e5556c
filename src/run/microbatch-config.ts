import type { ModelNode } from '../core/node.ts'
import { ProblemError } from '../core/problem.ts'
import { type BatchSize, batchSizes } from './batches.ts'
import type { RunContext } from './run-context.ts'

/** What a microbatch model says of its batches. */
export interface MicrobatchConfig {
  readonly size: BatchSize
  readonly begin: Date
  readonly lookback: number
  readonly concurrent: boolean
}

/** Reads the configuration; throws a problem where something is missing. */
export function microbatchConfig(node: ModelNode, { renderer }: RunContext): MicrobatchConfig {
  const {
    batch_size: written,
    begin: beginWritten,
    lookback,
    concurrent_batches: concurrent,
    event_time: eventTime,
  } = node.config
  const refuse = (message: string, hint: string): never => {
    throw new ProblemError(
      renderer.problem('config-invalid', `microbatch model ${node.name} ${message}`, node.place, hint),
    )
  }
  const size = batchSizes.find((known) => known === written)
  if (!size) return refuse("needs a 'batch_size'", `one of ${batchSizes.join(', ')}`)
  if (typeof eventTime !== 'string')
    return refuse("needs an 'event_time'", 'the column that tells when a row happened')
  if (node.uniqueKey.length === 0)
    return refuse("needs a 'unique_key'", 'on PostgreSQL a batch replaces rows by their key, as in dbt')
  const begin = maybeTime(beginWritten)
  if (!begin) return refuse("needs a 'begin'", "the time from which on there is data: begin: '2026-01-01'")
  return {
    size,
    begin,
    lookback: typeof lookback === 'number' ? lookback : 1,
    // A batch that reads the table itself has to come after those before it.
    concurrent: typeof concurrent === 'boolean' ? concurrent : !/\{[{%][^}]*\bthis\b/.test(node.rawCode),
  }
}

/** A time from YAML or the command line; without a zone it is UTC. */
export function maybeTime(value: unknown): Date | undefined {
  if (value instanceof Date) return value
  if (typeof value !== 'string') return undefined
  const zoned = /([zZ]|[+-]\d{2}:?\d{2})$/.test(value.slice(10))
  const text = value.trim().replace(' ', 'T')
  const time = new Date(zoned ? text : text.length <= 10 ? `${text}T00:00:00Z` : `${text}Z`)
  return Number.isNaN(time.getTime()) ? undefined : time
}
