import type { SessionSettings, Warehouse } from '../warehouse/index.ts'

/** Lets work begin when there is room for it. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>

/** A warehouse for one node: its sessions are set up as the node's config says, and count to the limit of its pool. */
export function nodeWarehouse(
  warehouse: Warehouse,
  settings: SessionSettings,
  limit: Limit | null,
): Warehouse {
  if (limit === null && settings.statementTimeoutMs === undefined) return warehouse
  const withSession: Warehouse['withSession'] = (body, more) => {
    const work = () => warehouse.withSession(body, { ...settings, ...more })
    return limit ? limit(work) : work()
  }
  return {
    ...warehouse,
    withSession,
    query: (query) => withSession((session) => session.query(query)),
    // Others would have other limits.
    runTogether: async (statement) => void (await withSession((session) => session.query(statement))),
  }
}
