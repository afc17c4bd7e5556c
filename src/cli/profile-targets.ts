import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { ProjectConfig } from '../core/project.ts'
import type { CommandContext } from './command-context.ts'
import { renderText } from './render-target-spec.ts'
import { tellWarnings } from './warning-policy.ts'

/**
 * The project file with the targets of its profile. A dbt project keeps them in profiles.yml: in the folder that
 * --profiles-dir names, else in the working directory, the project, or ~/.dbt. Where there is none the project runs
 * on the embedded PostgreSQL, which is said.
 */
export async function withProfileTargets(
  config: ProjectConfig,
  root: string,
  context: CommandContext,
): Promise<ProjectConfig> {
  const { flags, narrator } = context
  const named = flags.profile ?? config.profile
  const folders = profileFolders(root, context)
  const { findProfiles, notPostgres, readProfile } = await import('../project/read-profile.ts')
  const folder = findProfiles(folders)
  if (folder === null || named === undefined) {
    const reason =
      named === undefined
        ? 'The project names no profile'
        : `There is no profiles.yml in ${folders.join(', ')}`
    narrator.note(`${reason}: using the embedded PostgreSQL`)
    return config
  }
  const problems: Problem[] = []
  const profile = readProfile(folder, await renderText(named, context), problems)
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (!profile || errors.length > 0) throw new ProblemError(errors.length > 0 ? errors : problems)
  if (profile.hasFlags && Object.keys(config.flags).length > 0) throw new ProblemError(flagsTwice(profile))
  tellWarnings(problems, context)
  const defaultTarget = await renderText(profile.defaultTarget, context)
  const target = flags.target ?? defaultTarget
  if (profile.others[target] !== undefined) throw new ProblemError(notPostgres(profile, target))
  return { ...config, profile: profile.name, targets: profile.targets, defaultTarget }
}

/** dbt refuses it, too: who reads either would think that it counts. */
function flagsTwice({ path }: { readonly path: string }): Problem {
  const message = `there are flags of the project, and others below 'config' in ${path}`
  return makeProblem('yaml-invalid', message, { hint: "keep those below 'flags' in dbt_project.yml" })
}

/** The folders in which profiles.yml is looked for, one after the other. */
export function profileFolders(
  root: string,
  context: Pick<CommandContext, 'environment' | 'workingDirectory'> & {
    readonly flags: Pick<CommandContext['flags'], 'profilesDir'>
  },
): readonly string[] {
  const { flags, workingDirectory } = context
  return flags.profilesDir === undefined
    ? [workingDirectory, root, join(homeOf(context), '.dbt')]
    : [resolve(workingDirectory, flags.profilesDir)]
}

function homeOf({ environment }: Pick<CommandContext, 'environment'>): string {
  return environment['HOME'] || homedir()
}
