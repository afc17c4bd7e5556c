import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { RunResult } from '../core/run-result.ts'
import { hasRunPublished } from '../store/index.ts'
import { isAway } from './retry-policy.ts'
import type { RunContext } from './run-context.ts'

/*
 * A publication whose connection was lost for good at its end. Its commit may have happened, so nobody says that it
 * did not before the server was asked over another connection. Where that cannot be had either, it is unknown.
 */

/** Takes a last look; returns where it was published after all, and throws what is to be said otherwise. */
export async function lookOnceMore(
  error: unknown,
  isDone: () => Promise<boolean>,
  { plan, effects }: RunContext,
): Promise<void> {
  let done: boolean
  try {
    done = await isDone()
  } catch (reason) {
    const more = reason instanceof ProblemError && !isAway(reason) ? reason.problems : []
    throw new ProblemError([unknown(plan.runId), ...more], { cause: error })
  }
  if (done) {
    const message = 'the connection was lost at the commit, which had happened: it is published'
    return effects.emit({ type: 'log', level: 'warn', message })
  }
  throw isAway(error) ? new ProblemError(notPublished(error), { cause: error }) : error
}

/**
 * The result of a run that did not know whether it has published, as soon as the server can be asked again; any other
 * as it is.
 */
export async function withKnownPublication(result: RunResult, context: RunContext): Promise<RunResult> {
  if (result.published !== null) return result
  const { lease, warehouse, plan } = context
  await lease.hold()
  await lease.endSessions(warehouse.lostProcesses())
  const published = await hasRunPublished(warehouse.control, plan.runId)
  const known = published ? publishedAfterAll() : notPublished(null)
  const problems = result.problems.map((problem) => (isUnknown(problem) ? known : problem))
  return { ...result, published, problems }
}

/** Whether a problem says that nobody knows whether something was published. */
export function isUnknown({ code }: Problem): boolean {
  return code === 'publish-unknown'
}

function unknown(runId: string): Problem {
  return makeProblem(
    'publish-unknown',
    'the connection was lost while publishing, and the server cannot be asked: it is unknown whether this was published',
    {
      hint: `when the server is there: select published_at from estimand.runs where run_id = '${runId}'; null means that it was not`,
    },
  )
}

function notPublished(error: unknown): Problem {
  const why = error instanceof Error ? ` (${error.message})` : ''
  return makeProblem(
    'warehouse-lost',
    `the connection was lost while publishing${why}; it was not published`,
    {
      hint: 'see whether the server is up (`estimand db status`, or its log) and run again',
    },
  )
}

function publishedAfterAll(): Problem {
  return makeProblem(
    'warehouse-lost',
    'the connection was lost while publishing; the server has been asked since: it was published',
    { hint: 'what the project has on-run-end did not run' },
  )
}
