import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { openTarget } from './open-target.ts'
import { shownPath } from './workspace.ts'

/** Removes what the other commands write again: target/ and the logs. */
export async function cleanProject(context: CommandContext): Promise<ExitCode> {
  const { root, targetPath } = await openTarget(context)
  if (!isBelow(root, targetPath)) {
    throw new ProblemError(
      makeProblem('usage', `the target path ${targetPath} is not below the project, so it is left alone`, {
        hint: 'remove it yourself if that is what you want',
      }),
    )
  }
  for (const folder of [targetPath, join(root, '.estimand', 'logs')]) {
    if (!existsSync(folder)) continue
    await rm(folder, { recursive: true, force: true })
    context.narrator.note(`removed ${shownPath(context, folder)}`)
  }
  return 0
}

function isBelow(root: string, path: string): boolean {
  const way = relative(resolve(root), resolve(path))
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`)
}
