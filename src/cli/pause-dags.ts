import type { CommandContext, ExitCode } from './command-context.ts'
import { whoAsks, withDagStore } from './open-dag-store.ts'
import { findDag, openDags } from './open-dags.ts'
import { openTarget } from './open-target.ts'

/** Keeps DAGs from being fired by schedules and other DAGs, or lets them again. Runs that there are go on. */
export async function pauseDags(
  context: CommandContext,
  names: readonly string[],
  isPaused: boolean,
): Promise<ExitCode> {
  const reading = await openDags(context)
  const dags = names.map((name) => findDag(reading, name))
  const opened = await openTarget(context)
  return withDagStore<ExitCode>(context, opened, async ({ store }) => {
    const now = context.clock()
    // A DAG may be paused before any scheduler has seen it.
    await store.recordSeen(
      dags.map(({ name, isPausedAtFirst, startDate }) => ({
        ...{ dag: name, isPausedAtFirst, firesAfter: startDate ?? now.toISOString() },
      })),
      now,
    )
    const changed = await store.setPaused(
      dags.map(({ name }) => name),
      isPaused,
      whoAsks(context),
      now,
    )
    const word = isPaused ? 'paused' : 'resumed'
    for (const { name } of dags)
      context.narrator.note(changed.includes(name) ? `${name}: ${word}` : `${name}: was ${word} already`)
    return 0
  })
}
