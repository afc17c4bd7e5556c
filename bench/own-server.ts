import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, ensureEmbeddedServer, stopEmbeddedServer } from '../src/warehouse/index.ts'

/** Lends a new folder with an embedded server of its own, and takes both away behind the body. */
export async function withOwnServer(
  body: (folder: string, connection: Connection) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'estimand-bench-'))
  const effects = { report: () => {}, clock: () => new Date(), env: process.env }
  try {
    const { connection } = await ensureEmbeddedServer(folder, effects)
    await body(folder, connection)
  } finally {
    await stopEmbeddedServer(folder, effects)
    rmSync(folder, { recursive: true, force: true })
  }
}
