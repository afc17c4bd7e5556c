import { userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProblemError } from '../core/problem.ts'
import type { DagStore } from '../store/dags/index.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { CommandContext } from './command-context.ts'
import type { OpenTarget } from './open-target.ts'
import { embeddedEffects } from './workspace.ts'

/** The store of the project's DAGs on the target's warehouse. */
export interface OpenDagStore {
  readonly store: DagStore
  readonly warehouse: Warehouse
}

/** So many questions may be asked at the same time, besides what is said on the control session. */
const sessions = 3
const retryMs = 2_000

/** Connects to the store and closes the connection behind the body. */
export async function withDagStore<T>(
  context: CommandContext,
  opened: OpenTarget,
  body: (open: OpenDagStore) => Promise<T>,
  patient = false,
): Promise<T> {
  const { connectWarehouse, resolveConnection } = await import('../warehouse/index.ts')
  const { makeDagStore } = await import('../store/dags/index.ts')
  // What is at work is brought to its end when somebody wants the command to end: no signal for the connection.
  const connect = async (): Promise<Warehouse> => {
    const connection = await resolveConnection(opened.chosen, opened.root, embeddedEffects(context))
    return connectWarehouse(connection, {
      threads: sessions,
      applicationName: `estimand ${context.command}`,
    })
  }
  const warehouse = await (patient ? whenThere(context, connect) : connect())
  try {
    const { config, target } = opened
    const store = makeDagStore(warehouse, { project: config.name, schema: target.schema })
    await store.migrate()
    return await body({ store, warehouse })
  } finally {
    await warehouse.close()
  }
}

/** Waits for a warehouse that cannot be reached yet: what starts with the machine may be there first. */
async function whenThere(context: CommandContext, connect: () => Promise<Warehouse>): Promise<Warehouse> {
  for (let told = false; ; told = true) {
    try {
      return await connect()
    } catch (error) {
      const isAway =
        error instanceof ProblemError &&
        error.problems.every(({ code }) => code === 'warehouse-unreachable' || code === 'warehouse-lost')
      if (!isAway || context.signal.aborted) throw error
      if (!told) context.narrator.note(`${error.message}; trying again until it is there`)
      await sleep(retryMs, undefined, { signal: context.signal }).catch(() => {})
      context.signal.throwIfAborted()
    }
  }
}

/** Who asks, for people who look at runs later. */
export function whoAsks({ environment }: CommandContext): string {
  try {
    return userInfo().username
  } catch {
    return environment['USER'] ?? 'unknown'
  }
}
