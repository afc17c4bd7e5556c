import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DagStore } from '../store/dags/index.ts'

const dagRunId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Deletes the artifacts of runs of DAGs that the store has forgotten, on the machine of this process; returns how many
 * runs these were. A folder that was written to since `before` stays: another target may keep its runs elsewhere.
 */
export async function clearArtifacts(
  folder: string,
  store: Pick<DagStore, 'readRunsById'>,
  before: Date,
): Promise<number> {
  const old: string[] = []
  for (const name of await readdir(folder).catch(() => [])) {
    const info = dagRunId.test(name) ? await stat(join(folder, name)).catch(() => null) : null
    if (info && info.mtime < before) old.push(name)
  }
  if (old.length === 0) return 0
  const known = new Set((await store.readRunsById(old)).map((run) => run.dagRunId))
  const forgotten = old.filter((name) => !known.has(name))
  for (const name of forgotten) await rm(join(folder, name), { recursive: true, force: true })
  return forgotten.length
}
