import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { makeProblem, ProblemError } from '../core/problem.ts'

/** Names of the file that makes a folder a project; ours is read where both stand. */
export const projectFileNames = ['project.yml', 'dbt_project.yml'] as const

/** The nearest folder, from `start` upward, that holds a project file; throws a ProblemError when there is none. */
export function findProjectRoot(start: string): string {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (projectFileNames.some((name) => existsSync(join(folder, name)))) return folder
    if (folder === dirname(folder)) throw new ProblemError(projectMissing(`${resolve(start)} or above it`))
  }
}

/** The problem of a folder without a project file. */
export function projectMissing(where: string) {
  return makeProblem('project-missing', `no ${projectFileNames.join(' or ')} in ${where}`, {
    hint: 'go to the project folder, name it with --project-dir, or start one with: estimand init',
  })
}
