import type { Relation } from '../core/node.ts'
import { ProblemError } from '../core/problem.ts'
import { hasPublished } from '../store/index.ts'
import type { PublishAction, PublishOptions } from '../warehouse/index.ts'
import { checkBuildsSurvived } from './build-schemas.ts'
import { builtRelations } from './built-relations.ts'
import { lookOnceMore } from './lost-publication.ts'
import { isAway, usualRetries } from './retry-policy.ts'
import type { RunContext } from './run-context.ts'
import { withRetries } from './with-retries.ts'

/*
 * A publication that fails for a reason that passes is tried again. When the connection is lost at its end, its commit
 * may have happened all the same; the store tells, as soon as the server has nothing to do for that connection any more.
 * It is asked before each further try, and once more when there is none.
 */

/** Publishes until that succeeds, once; what it notes in the store it also tells, since that shows whether it counts. */
export async function retryPublication(
  who: string,
  context: RunContext,
  publishOnce: (note: (relations: readonly Relation[]) => void) => Promise<unknown>,
): Promise<void> {
  const { plan, effects, lease, warehouse } = context
  let noted: readonly Relation[] = []
  let wasAway = false
  const isDone = async (): Promise<boolean> => {
    await lease.hold()
    await lease.endSessions(warehouse.lostProcesses())
    return hasPublished(warehouse.control, plan.runId, noted)
  }
  const trying = withRetries(
    {
      spec: { retries: usualRetries },
      who: `${plan.runId} publishes ${who}`,
      signal: effects.signal,
      // It has been tried for as long as it may be.
      isFinal: isBlocked,
      onRetry: ({ reason }, _attempt, error) => {
        wasAway ||= isAway(error)
        effects.emit({ type: 'log', level: 'warn', message: `publishing is tried again: ${reason}` })
      },
    },
    async () => {
      if (wasAway && (await isDone())) return
      await publishOnce((relations) => {
        noted = relations
      })
    },
  )
  await trying.catch((error: unknown) => {
    // What had not come to its notes had not come to its commit.
    if (noted.length === 0 || !(wasAway || isAway(error))) throw error
    return lookOnceMore(error, isDone, context)
  })
}

/** Whether others held on to what was to be published: it has been tried for as long as it may be. */
export function isBlocked(error: unknown): boolean {
  return error instanceof ProblemError && error.problems.some(({ code }) => code === 'publish-blocked')
}

/** What has to hold when a publication begins: the run may still publish, and what it has built is whole. */
export function publicationGate(
  actions: readonly PublishAction[],
  { lease, plan }: RunContext,
): NonNullable<PublishOptions['first']> {
  return async (session) => {
    await lease.beginPublication(session)
    await checkBuildsSurvived(session, plan.buildSchema, builtRelations(actions))
  }
}
