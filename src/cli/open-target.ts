import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Target } from '../core/manifest.ts'
import { type Problem, ProblemError } from '../core/problem.ts'
import type { ProjectConfig, TargetSpec } from '../core/project.ts'
import { type ChosenTarget, chooseTarget } from './choose-target.ts'
import type { CommandContext } from './command-context.ts'

/*
 * What commands need that look after the warehouse and not at the nodes: where the project is and which
 * target they work on. A model that is broken must not keep anyone from the database.
 */

export interface OpenTarget {
  readonly root: string
  readonly config: ProjectConfig
  readonly chosen: { readonly name: string; readonly spec: TargetSpec }
  readonly target: Target
  /** Absolute path of target/. */
  readonly targetPath: string
  /** Whether the project's file is dbt's. */
  readonly isDbt: boolean
}

/** Finds the project, reads its own file and chooses the target. */
export async function openTarget(context: CommandContext): Promise<OpenTarget> {
  const root = await findRoot(context)
  const { config, isDbt } = await readConfig(root)
  return openIn(root, isDbt ? await profileConfig(config, root, context) : config, isDbt, context)
}

async function openIn(
  root: string,
  config: ProjectConfig,
  isDbt: boolean,
  context: CommandContext,
): Promise<OpenTarget> {
  const { flags, environment } = context
  const chosen = await renderTarget(chooseTarget(config, flags.target, environment), context)
  const { describeTarget } = await import('../warehouse/resolve-connection.ts')
  return {
    root,
    config,
    chosen,
    target: {
      ...describeTarget(chosen, environment),
      ...(config.profile !== undefined && { profileName: config.profile }),
    },
    targetPath: resolve(root, flags.targetPath ?? config.paths.target),
    isDbt,
  }
}

/** Opens the command's log; what it said before that is not in it. */
export async function startLog(
  { log, command, flags, workingDirectory }: CommandContext,
  { root, config }: Pick<OpenTarget, 'root'> & Partial<Pick<OpenTarget, 'config'>>,
): Promise<void> {
  const { logPath } = flags
  log.open(root, logPath === undefined ? config?.paths.logs : resolve(workingDirectory, logPath))
  log.write('info', `estimand ${command}`, { root })
}

/** The folder that --project-dir names, or the nearest one with a project file. */
export async function findRoot(context: CommandContext): Promise<string> {
  const { flags, workingDirectory } = context
  const { findProjectRoot, projectFileNames, projectMissing } = await import(
    '../project/find-project-root.ts'
  )
  if (flags.projectDir === undefined) return findProjectRoot(workingDirectory)
  const root = resolve(workingDirectory, flags.projectDir)
  if (projectFileNames.some((name) => existsSync(join(root, name)))) return root
  throw new ProblemError(projectMissing(root))
}

async function profileConfig(
  config: ProjectConfig,
  root: string,
  context: CommandContext,
): Promise<ProjectConfig> {
  const { withProfileTargets } = await import('./profile-targets.ts')
  return withProfileTargets(config, root, context)
}

/** The project's own file, and whether it is one of dbt, whose targets stand elsewhere. */
export async function readConfig(
  root: string,
): Promise<{ readonly config: ProjectConfig; readonly isDbt: boolean }> {
  const [{ projectFileNames }, { readText }, { readProjectConfig }] = await Promise.all([
    import('../project/find-project-root.ts'),
    import('../project/project-files.ts'),
    import('../project/read-project-config.ts'),
  ])
  const path = projectFileNames.find((name) => existsSync(join(root, name)))!
  const problems: Problem[] = []
  const file = readText(root, path, problems)
  const config = file && readProjectConfig(file, 'warning', problems)
  if (!config) throw new ProblemError(problems)
  return { config, isDbt: path === 'dbt_project.yml' }
}

/** The target with its templates rendered, or the server of DATABASE_URL in its place, which is said. */
async function renderTarget(
  { name, spec, usesDatabaseUrl }: ChosenTarget,
  context: CommandContext,
): Promise<OpenTarget['chosen']> {
  const { environment, narrator } = context
  if (usesDatabaseUrl) {
    const { withDatabaseUrl, redactUrl } = await import('../warehouse/resolve-connection.ts')
    const url = redactUrl(environment['DATABASE_URL']!)
    narrator.note(`Using DATABASE_URL instead of the embedded PostgreSQL: ${url}`)
    return withDatabaseUrl({ name, spec }, environment)
  }
  if (spec.engine === 'embedded') return { name, spec }
  const { renderTargetSpec } = await import('./render-target-spec.ts')
  return { name, spec: await renderTargetSpec(name, spec, context) }
}
