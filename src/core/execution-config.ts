import type { Node } from './node.ts'

/*
 * What the config of a node says about carrying it out: how often it is tried again, how long a statement may take,
 * what its failure means for the others, and with whom it shares a limit. Compile has refused what is not allowed.
 */

export const onErrorChoices = ['skip_children', 'continue', 'stop'] as const
export type OnError = (typeof onErrorChoices)[number]

export interface ExecutionConfig {
  /** How often it is tried again when it fails for a reason that passes; without it, as usual. */
  readonly retries?: number
  /** The pause before it is tried again for the first time. */
  readonly retryDelayMs?: number
  /** How long each of its statements may take. */
  readonly timeoutMs?: number
  /**
   * What its failure means: its descendants are skipped; or they go on and read what is published of it; or nothing
   * more begins.
   */
  readonly onError: OnError
  /** The pool that it belongs to. */
  readonly pool?: string
}

/** The part of a node's config that is about carrying it out. */
export function executionConfig({ config }: Pick<Node, 'config'>): ExecutionConfig {
  const { retries, retry_delay: retryDelay, timeout, on_error: onError, pool } = config
  const retryDelayMs = isSet(retryDelay) ? readDuration(retryDelay) : null
  const timeoutMs = isSet(timeout) ? readDuration(timeout) : null
  return {
    ...(isSet(retries) && { retries: Number(retries) }),
    ...(retryDelayMs !== null && { retryDelayMs }),
    ...(timeoutMs !== null && { timeoutMs }),
    onError: onErrorChoices.find((choice) => choice === onError) ?? 'skip_children',
    ...(typeof pool === 'string' && { pool }),
  }
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }
/** What PostgreSQL takes for a timeout. */
const longestMs = 2 ** 31 - 1

/** Milliseconds of a number of seconds or of a text such as `5m`; null for what is neither. */
export function readDuration(written: unknown): number | null {
  const match = /^(\d+(?:\.\d+)?) *([a-z]*)$/.exec(String(written).trim())
  if (!match || (typeof written !== 'number' && typeof written !== 'string')) return null
  const unitMs = unitsMs[match[2] || 's']
  if (unitMs === undefined) return null
  const ms = Math.round(Number(match[1]) * unitMs)
  return ms <= longestMs ? ms : null
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}
