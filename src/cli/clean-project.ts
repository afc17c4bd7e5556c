import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { type OpenTarget, openTarget } from './open-target.ts'
import { shownPath } from './workspace.ts'

export interface CleanRequest {
  /** Whether a folder outside the project is refused. */
  readonly cleanProjectFilesOnly: boolean
}

/** Removes what the other commands write again: target/ and the logs, or what the project names for it. */
export async function cleanProject(
  context: CommandContext,
  { cleanProjectFilesOnly }: CleanRequest,
): Promise<ExitCode> {
  const opened = await openTarget(context)
  const folders = foldersToClean(opened)
  const refused = folders.flatMap((folder) => refusal(folder, opened, cleanProjectFilesOnly) ?? [])
  if (refused.length > 0) throw new ProblemError(refused)
  for (const folder of folders) {
    if (!existsSync(folder)) continue
    await rm(folder, { recursive: true, force: true })
    context.narrator.note(`removed ${shownPath(context, folder)}`)
  }
  return 0
}

function foldersToClean({ root, targetPath, config: { paths } }: OpenTarget): string[] {
  const isUsual = paths.clean.length === 1 && paths.clean[0] === paths.target
  const named = isUsual ? [targetPath] : paths.clean.map((path) => resolve(root, path))
  return paths.logs === undefined ? [...named, join(root, 'logs')] : named
}

/** Why a folder is left alone: it is not ours to remove, or nobody could write it again. */
function refusal(folder: string, { root, config: { paths } }: OpenTarget, inProjectOnly: boolean) {
  const refuse = (reason: string) =>
    makeProblem('usage', `${folder} is ${reason}, so nothing is removed`, {
      hint: 'remove it yourself if that is what you want',
    })
  if (folder === resolve(root) || isBelow(folder, root)) return refuse('where the project is')
  if (inProjectOnly && !isBelow(root, folder)) return refuse('not below the project')
  const { models, macros, seeds, tests, snapshots, analyses, functions, pipelines, analytics, dags } = paths
  const sources = [
    models,
    macros,
    seeds,
    tests,
    snapshots,
    analyses,
    functions,
    pipelines,
    analytics,
    dags,
  ].flat()
  const source = sources
    .map((path) => resolve(root, path))
    .find((path) => path === folder || isBelow(path, folder))
  return source === undefined ? null : refuse(`where the project's own files are`)
}

function isBelow(root: string, path: string): boolean {
  const way = relative(resolve(root), resolve(path))
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`)
}
