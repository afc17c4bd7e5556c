import type { Ask } from '../compile/renderer.ts'
import type { CommandContext } from './command-context.ts'
import type { OpenTarget } from './open-target.ts'
import { withOpenWarehouse } from './workspace.ts'

/**
 * Lends the body a database that is connected to when it is first asked, and closed behind the body: most
 * templates ask nothing, and are then compiled without any server.
 */
export async function withLazyWarehouse<T>(
  context: CommandContext,
  opened: OpenTarget,
  body: (ask: Ask) => Promise<T>,
): Promise<T> {
  let connecting: Promise<Ask> | undefined
  let release: () => void = () => {}
  let closed: Promise<void> = Promise.resolve()
  const connect = (): Promise<Ask> =>
    new Promise((resolve, reject) => {
      const released = new Promise<void>((done) => {
        release = done
      })
      closed = withOpenWarehouse(context, opened, 1, async (warehouse) => {
        const { askAnywhere } = await import('../run/ask.ts')
        resolve(askAnywhere(warehouse))
        await released
      })
      closed.catch(reject)
    })
  const ask: Ask = async (sql) => {
    connecting ??= connect()
    return (await connecting)(sql)
  }
  try {
    return await body(ask)
  } finally {
    release()
    // What kept the connection from being made has been told where it was asked for.
    await closed.catch(() => {})
  }
}
