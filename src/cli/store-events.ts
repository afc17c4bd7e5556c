import type { EventRecord } from '../core/events/event-schema.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { CommandContext } from './command-context.ts'

/** More than this of one command nobody reads in a table; the log file has all of them. */
const mostEvents = 2000

/** So long after it was told an event is written, with all that came meanwhile: a killed command leaves the rest. */
const writeAfterMs = 1_000

/**
 * Keeps in the store what the work tells, in a statement a second at most while it goes on and only where there is
 * something to tell. Telling of work must not make it fail, so where that cannot be written a word is all.
 */
export async function withStoredEvents<T>(
  { events, clock, narrator, log }: CommandContext,
  warehouse: Warehouse,
  work: () => Promise<T>,
): Promise<T> {
  const { forgetOldEvents, isKept, recordEvents } = await import('../store/index.ts')
  const pending: EventRecord[] = []
  let seen = 0
  let written = 0
  const write = async (on: Pick<Warehouse, 'query'>): Promise<void> => {
    const records = pending.slice()
    await recordEvents(on, records, written)
    pending.splice(0, records.length)
    written += records.length
  }
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  const writeSoon = (): void => {
    timer ??= setTimeout(() => {
      // Nothing is lost where that fails, because there is no store yet, say: it is written with what comes next.
      writing = write(warehouse)
        .catch(() => {})
        .finally(() => {
          timer = undefined
        })
    }, writeAfterMs).unref()
  }
  const unsubscribe = events.subscribe((record) => {
    if (seen >= mostEvents || !isKept(record)) return
    seen++
    pending.push(record)
    writeSoon()
  })
  let isDone = false
  try {
    const result = await work()
    isDone = true
    return result
  } finally {
    unsubscribe()
    clearTimeout(timer)
    await writing
    await write(warehouse.control)
      .then(() => forgetOldEvents(warehouse.control, clock()))
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        const message = `what happened could not be kept in estimand.events: ${why}`
        // What ended the work, perhaps before there was a store, is what people are to read.
        if (isDone) narrator.note(message)
        else log.write('debug', message)
      })
  }
}
