import type { ModelNode } from '../../core/node.ts'
import { type BatchSize, batchSizes } from '../batches.ts'

/*
 * Models whose rows belong to stretches of time, built one stretch after the other: by strategy microbatch, where a
 * batch replaces rows by their key as in dbt, and by strategy time_range, where it replaces the rows of its times.
 */

export const changePolicies = ['forward_only', 'rebuild'] as const
/** What becomes of the times that an older version of a model has built. */
export type ChangePolicy = (typeof changePolicies)[number]

/** What a model says of its times. */
export interface TimePartition {
  readonly strategy: 'microbatch' | 'time_range'
  /** The column that tells when a row happened. */
  readonly column: string
  /** The smallest stretch that is built on its own. */
  readonly grain: BatchSize
  /** The longest stretch that one statement builds; null for as long as it comes. */
  readonly batchSize: BatchSize | null
  /** Where the times begin. */
  readonly begin: Date
  /** How many stretches before the newest are built again for rows that came late. */
  readonly lookback: number
  /** Whether batches may be built beside each other. */
  readonly concurrent: boolean
  readonly onChange: ChangePolicy
}

/** What is wrong with a model's words about its times. */
export interface PartitionFlaw {
  readonly message: string
  readonly hint: string
}

/** Whether a model is built by time, whatever it says of its times. */
export function isBuiltByTime({ materialized, incrementalStrategy: strategy }: ModelNode): boolean {
  return materialized === 'incremental' && isByTime(strategy)
}

/** Reads what a model says of its times; null for one that is not built by time. */
export function timePartition(node: ModelNode): TimePartition | PartitionFlaw | null {
  const { materialized, incrementalStrategy: strategy, config } = node
  if (materialized !== 'incremental' || !isByTime(strategy)) return null
  const { event_time: column, lookback, concurrent_batches: concurrent } = config
  const flaw = (message: string, hint: string): PartitionFlaw => ({
    message: `${strategy} model ${node.name} ${message}`,
    hint,
  })
  const batchSize = sizeOf(config['batch_size'])
  const ownGrain = sizeOf(config['time_grain'])
  const sizes = `one of ${batchSizes.join(', ')}`
  const begin = maybeTime(config['begin'])
  if (batchSize === undefined) return flaw("has no such 'batch_size'", sizes)
  if (ownGrain === undefined) return flaw("has no such 'time_grain'", sizes)
  if (strategy === 'microbatch' && ownGrain !== null)
    return flaw("has a 'time_grain'", 'its batch_size says what is built on its own')
  const grain = ownGrain ?? batchSize
  if (grain === null) return flaw("needs a 'batch_size'", sizes)
  if (batchSize !== null && batchSizes.indexOf(grain) > batchSizes.indexOf(batchSize))
    return flaw(`has a 'time_grain' longer than its 'batch_size'`, 'a batch is made of whole grains')
  if (typeof column !== 'string')
    return flaw("needs an 'event_time'", 'the column that tells when a row happened')
  if (strategy === 'microbatch' && node.uniqueKey.length === 0)
    return flaw("needs a 'unique_key'", 'on PostgreSQL a batch replaces rows by their key, as in dbt')
  if (!begin) return flaw("needs a 'begin'", "the time from which on there is data: begin: '2026-01-01'")
  return {
    strategy,
    column,
    grain,
    batchSize,
    begin,
    lookback: typeof lookback === 'number' ? lookback : 1,
    // A batch that reads the table itself has to come after those before it.
    concurrent: typeof concurrent === 'boolean' ? concurrent : !/\{[{%][^}]*\bthis\b/.test(node.rawCode),
    onChange: changePolicies.find((policy) => policy === config['on_change']) ?? 'forward_only',
  }
}

/** Whether what was read is a flaw. */
export function isFlaw(read: TimePartition | PartitionFlaw): read is PartitionFlaw {
  return 'message' in read
}

function isByTime(strategy: ModelNode['incrementalStrategy']): strategy is TimePartition['strategy'] {
  return strategy === 'microbatch' || strategy === 'time_range'
}

/** Null where nothing is written, undefined where it is no size. */
function sizeOf(written: unknown): BatchSize | null | undefined {
  if (written === undefined || written === null) return null
  return batchSizes.find((known) => known === written)
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
