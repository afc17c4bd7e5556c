import type { EventRecord } from '../core/events/event-schema.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { CommandContext } from './command-context.ts'

/** More than this of one command nobody reads in a table; the log file has all of them. */
const mostEvents = 2000

/**
 * Keeps in the store what the work tells, in a few statements when it is over: while it goes on every connection has
 * something better to do. Telling of work must not make it fail, so where that cannot be written a word is all.
 */
export async function withStoredEvents<T>(
  { events, clock, narrator, log }: CommandContext,
  warehouse: Warehouse,
  work: () => Promise<T>,
): Promise<T> {
  const { isKept, recordEvents } = await import('../store/index.ts')
  const kept: EventRecord[] = []
  const unsubscribe = events.subscribe((record) => {
    if (kept.length < mostEvents && isKept(record)) kept.push(record)
  })
  let isDone = false
  try {
    const result = await work()
    isDone = true
    return result
  } finally {
    unsubscribe()
    await recordEvents(warehouse.control, kept, clock()).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      const message = `what happened could not be kept in estimand.events: ${why}`
      // What ended the work, perhaps before there was a store, is what people are to read.
      if (isDone) narrator.note(message)
      else log.write('debug', message)
    })
  }
}
