import { resolve } from 'node:path'
import { type Problem, ProblemError } from '../core/problem.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { paintProblem } from './display/paint-problem.ts'
import { type OpenTarget, openTarget } from './open-target.ts'
import { packageVersion } from './version.ts'
import { openWorkspace, withOpenWarehouse } from './workspace.ts'

/** Says in which folder the connections of a dbt project are looked for, and how to look at it. */
export async function showProfilesFolder(context: CommandContext): Promise<ExitCode> {
  const { profileFolders } = await import('./profile-targets.ts')
  const { findProfiles } = await import('../project/read-profile.ts')
  const { findProjectRoot } = await import('../project/find-project-root.ts')
  const folders = profileFolders(rootOrHere(context, findProjectRoot), context)
  const open = process.platform === 'darwin' ? 'open' : 'xdg-open'
  const folder = findProfiles(folders) ?? folders.at(-1)!
  context.terminal.out.write(`To view your profiles.yml file, run:\n\n${open} ${folder}\n`)
  return 0
}

/** The project's folder; outside of a project the working directory. */
function rootOrHere(
  { flags, workingDirectory }: CommandContext,
  findProjectRoot: (from: string) => string,
): string {
  if (flags.projectDir !== undefined) return resolve(workingDirectory, flags.projectDir)
  try {
    return findProjectRoot(workingDirectory)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return workingDirectory
  }
}

/** Checks, one after the other, all that a run needs, and says what is wrong. */
export async function checkSetup(
  context: CommandContext,
  { connectionOnly }: { readonly connectionOnly: boolean },
): Promise<ExitCode> {
  const { out } = context.terminal
  const say = (name: string, text: string): void => out.write(`${name.padEnd(12)} ${text}\n`)
  say('estimand', packageVersion())
  say('node', `${process.version} on ${process.platform} ${process.arch}`)
  const opened = await check('project file', context, () => openTarget(context))
  if (!opened) return 2
  say('target', describeTarget(opened))
  const connected = await check('connection', context, () => describeServer(context, opened))
  if (connected) say('server', connected)
  if (connectionOnly) return connected ? 0 : 2
  const workspace = await check('project', context, () => openWorkspace(context))
  if (workspace) say('nodes', countByType(Object.values(workspace.manifest.nodes)))
  return connected && workspace ? 0 : 2
}

/** Runs one check and prints a line for it; null when it found problems, which are printed too. */
async function check<T>(name: string, context: CommandContext, body: () => Promise<T>): Promise<T | null> {
  const { out } = context.terminal
  const line = (verdict: string): void => out.write(`${name.padEnd(12)} ${verdict}\n`)
  try {
    const result = await body()
    context.narrator.done()
    line(out.colors.green('OK'))
    return result
  } catch (error) {
    context.narrator.done()
    if (!(error instanceof ProblemError)) throw error
    line(out.colors.red('not OK'))
    out.write(indented(error.problems, context))
    return null
  }
}

function indented(problems: readonly Problem[], context: CommandContext): string {
  const text = problems.map((problem) => paintProblem(problem, context.terminal.out.colors)).join('\n')
  return `${text.replace(/^/gm, '  ')}\n`
}

function describeTarget({ root, chosen, target }: OpenTarget): string {
  const { host, port, user, database, schema, threads } = target
  const server =
    chosen.spec.engine === 'embedded' ? 'embedded PostgreSQL' : `${user}@${host}:${port}/${database}`
  return `${chosen.name}: ${server}, schema ${schema}, ${threads} threads, project in ${root}`
}

function describeServer(context: CommandContext, opened: OpenTarget): Promise<string> {
  return withOpenWarehouse(context, opened, 1, async ({ serverVersion, capabilities }) => {
    const version = `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`
    return `PostgreSQL ${version}${capabilities.citus ? ' with Citus' : ''}`
  })
}

function countByType(nodes: readonly { readonly resourceType: string }[]): string {
  const counts = new Map<string, number>()
  for (const { resourceType } of nodes) counts.set(resourceType, (counts.get(resourceType) ?? 0) + 1)
  return [...counts].map(([type, count]) => `${count} ${type}${count === 1 ? '' : 's'}`).join(', ') || 'none'
}
