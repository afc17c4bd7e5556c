import type { Dag } from '../core/dag.ts'
import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import { type DagReading, readDags } from '../project/read-dags.ts'
import type { CommandContext } from './command-context.ts'
import { findRoot, readConfig, startLog } from './open-target.ts'

/** The DAGs of the project, with what is wrong about those that are left out; no database and no compiling. */
export async function openDags(context: CommandContext): Promise<DagReading & { readonly root: string }> {
  const root = await findRoot(context)
  const { config } = await readConfig(root)
  await startLog(context, { root, config })
  return { root, ...readDags(root, config) }
}

/** Tells what is wrong, without ending the command: the others are there all the same. */
export function tellProblems(context: CommandContext, problems: readonly Problem[]): void {
  for (const problem of problems) context.narrator.problem(problem)
}

/** The DAG of a name; what is wrong with its file where that is why it is not there. */
export function findDag({ dags, problems, broken }: DagReading, name: string): Dag {
  const found = dags.find((dag) => dag.name === name)
  if (found) return found
  if (broken.includes(name)) throw new ProblemError(problems)
  const names = [...dags.map((dag) => dag.name), ...broken]
  const all =
    names.length > 0 ? `there are ${quotedList(names, 'and')}` : 'there is none: dags/*.yml declare them'
  throw new ProblemError(
    makeProblem('dag-unknown', `there is no DAG '${name}'`, { hint: didYouMean(name, names) ?? all }),
  )
}
