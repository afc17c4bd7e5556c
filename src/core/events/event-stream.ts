import { type EventLevel, type EventName, eventCodes, eventVersion } from './event-names.ts'
import type { EventData, EventRecord } from './event-schema.ts'

/*
 * The one stream of events of a command. What happens is told once; the JSON log, the log file, the store and whoever
 * else subscribes get the same records in the same order.
 */

/** What is told of something that happened; the stream adds who and when. */
export interface EventDraft<Name extends EventName = EventName> {
  readonly name: Name
  readonly level: EventLevel
  /** The event in words. */
  readonly msg: string
  readonly data: EventData<Name>
  readonly nodeId?: string
  readonly thread?: string
}

/** Gets each event as it happens; it works at once and is not waited for. */
export type EventSubscriber = (record: EventRecord) => void

export interface EventStream {
  readonly invocationId: string
  readonly tell: <Name extends EventName>(draft: EventDraft<Name>) => void
  /** Subscribes from now on; what is returned ends it. */
  readonly subscribe: (subscriber: EventSubscriber) => () => void
}

export interface EventStreamOptions {
  readonly invocationId: string
  readonly processId: number
  readonly clock: () => Date
  /** Takes out of everything that is told what nobody may read. */
  readonly scrub: (text: string) => string
  /** What every event carries as extra: DBT_ENV_CUSTOM_ENV_ and its values. */
  readonly extra?: Readonly<Record<string, string>>
}

/** Makes the stream of a command. */
export function makeEventStream(options: EventStreamOptions): EventStream {
  const { invocationId, processId, clock, scrub, extra = {} } = options
  const subscribers = new Set<EventSubscriber>()
  return {
    invocationId,
    tell({ name, level, msg, data, nodeId, thread = 'MainThread' }) {
      if (subscribers.size === 0) return
      const info = {
        ...{ category: '', code: eventCodes[name], extra, invocation_id: invocationId, level, msg, name },
        ...{ pid: processId, thread, ts: clock().toISOString() },
      }
      const record = { version: eventVersion, ...(nodeId !== undefined && { node_id: nodeId }), info, data }
      const clean = scrubbed(record, scrub) as EventRecord
      for (const subscriber of subscribers) {
        try {
          subscriber(clean)
        } catch {
          // Whoever cannot listen any more must not keep the work from being done, and hears nothing further.
          subscribers.delete(subscriber)
        }
      }
    },
    subscribe(subscriber) {
      subscribers.add(subscriber)
      return () => void subscribers.delete(subscriber)
    },
  }
}

/** A copy as JSON would have it, with every text scrubbed. */
function scrubbed(value: unknown, scrub: (text: string) => string): unknown {
  if (typeof value === 'string') return scrub(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map((item) => scrubbed(item, scrub))
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key]
    if (item === undefined) continue
    const clean = scrubbed(item, scrub)
    // What somebody wrote into a file may be called so, and an assignment would mean something else.
    if (key === '__proto__')
      Object.defineProperty(copy, key, { value: clean, enumerable: true, configurable: true, writable: true })
    else copy[key] = clean
  }
  return copy
}
