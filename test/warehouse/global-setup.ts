import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { stopEmbeddedServer } from '../../src/warehouse/embedded/embedded-control.ts'
import { ensureEmbeddedServer } from '../../src/warehouse/embedded/embedded-server.ts'
import { openSession } from '../../src/warehouse/open-session.ts'
import { connectionUrl } from '../../src/warehouse/resolve-connection.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of the server that all integration tests share, with its password. */
    readonly serverUrl: string
  }
}

const root = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), '.estimand', 'test')

/** Starts one embedded server for all integration tests; its data are kept, which saves the next run initdb. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await mkdir(root, { recursive: true })
  const effects = {
    report: (message: string) => console.log(message),
    clock: () => new Date(),
    env: process.env,
  }
  const { connection } = await ensureEmbeddedServer(root, effects)
  // Held during the run, so that another run that ends meanwhile does not stop the server.
  const { session } = await openSession(connection, { applicationName: 'estimand tests' })
  project.provide('serverUrl', connectionUrl(connection, { withPassword: true }))
  return async () => {
    await session.close()
    await stopEmbeddedServer(root, effects, { unlessInUse: true })
  }
}
