import { randomUUID } from 'node:crypto'
import { type Rollback, rollback } from '../../src/run/rollback.ts'
import { type Connection, withWarehouse } from '../../src/warehouse/index.ts'

/** Takes publications of the test project back. */
export function rollBack(
  connection: Connection,
  options: {
    readonly to?: string
    readonly dryRun?: boolean
    readonly say?: (words: string) => void
  } = {},
): Promise<Rollback> {
  return withWarehouse(connection, { threads: 1, applicationName: 'estimand test' }, (warehouse) =>
    rollback({
      warehouse,
      owner: { project: 'shop', target: 'test', schema: 'analytics' },
      runId: randomUUID(),
      dryRun: false,
      waitMs: 10_000,
      startedBy: { host: 'here', user: 'tester', processId: process.pid },
      clock: () => new Date(),
      signal: new AbortController().signal,
      say: () => {},
      ...options,
    }),
  )
}
