import { type Problem, ProblemError } from '../core/problem.ts'

/** Whether the work succeeded; its problems are kept, anything else is thrown on. */
export async function collectProblems(problems: Problem[], work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    problems.push(...error.problems)
    return false
  }
}
