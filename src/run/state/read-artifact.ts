import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { Entry } from './entry-values.ts'

/** An artifact of an earlier command, or null where the folder has none; throws a problem for one that is broken. */
export function readArtifact(folder: string, name: string): Entry | null {
  const path = join(folder, name)
  if (!existsSync(path)) return null
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Entry
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ProblemError(makeProblem('state-missing', `${path} cannot be read: ${message}`), {
      cause: error,
    })
  }
}
