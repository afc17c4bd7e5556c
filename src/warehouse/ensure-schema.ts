import type { Queryable } from './catalog.ts'
import { createSchema } from './relation-sql.ts'
import { ServerError } from './server-error.ts'

/** What the server says to those who come second: unique_violation in its catalog, duplicate_schema. */
const madeMeanwhile = new Set(['23505', '42P06'])

/**
 * Makes a schema unless it is there. Where two make one at a time, `if not exists` does not help the second: it waits for
 * the first and then fails, when all is well. Not for within a transaction, which a failure ends.
 */
export async function ensureSchema(on: Queryable, schema: string): Promise<void> {
  try {
    await on.query(createSchema(schema))
  } catch (error) {
    if (!(error instanceof ServerError && madeMeanwhile.has(error.failure.sqlstate ?? ''))) throw error
  }
}
