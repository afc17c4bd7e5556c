import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Option } from 'commander'
import { makeProblem, type Problem, ProblemError } from '../../core/problem.ts'
import type { PackageSource } from '../../project/add-package.ts'
import type { CommandContext, ExitCode } from '../command-context.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

interface DepsFlags {
  readonly lock?: boolean
  readonly addPackage?: string
  readonly source: PackageSource
}

/** `estimand deps`: puts local packages in their place and says what else the project builds on. */
export const defineDeps: CommandDefiner = (program, { command, launch }) => {
  const deps = command(program, 'deps').description(
    'link local packages, and check that the others are there',
  )
  // Nothing is fetched, so there is no version to fix and none to move on to; only the links can be left out.
  deps
    .addOption(new Option('--lock', 'check what is there, and link nothing'))
    .addOption(new Option('--add-package <package>', 'write a package into packages.yml first: name@version'))
    .addOption(
      new Option('--source <source>', 'where the package to add comes from')
        .choices(['hub', 'git', 'local'])
        .default('hub'),
    )
    .addOption(new Option('--upgrade', 'accepted for the sake of dbt').hideHelp())
  deps.addHelpText('after', examples([['estimand deps', 'what packages.yml and dependencies.yml name']]))
  deps.action(launch<DepsFlags>(checkPackages))
}

async function checkPackages(context: CommandContext, flags: DepsFlags): Promise<ExitCode> {
  const [{ findRoot, readConfig }, { installPackages }] = await Promise.all([
    import('../open-target.ts'),
    import('../../project/install-packages.ts'),
  ])
  const root = await findRoot(context)
  const { config } = await readConfig(root)
  if (flags.addPackage !== undefined) await addPackage(context, root, flags.addPackage, flags.source)
  const problems: Problem[] = []
  const packages = installPackages(root, config, problems, { isCheckOnly: flags.lock ?? false })
  for (const { written, state, folder } of packages)
    context.terminal.out.write(`${state.padEnd(8)} ${written}${state === 'missing' ? '' : `  ${folder}`}\n`)
  if (packages.length === 0) context.narrator.note('The project names no packages')
  const missing = packages.filter(({ state }) => state === 'missing')
  problems.push(
    ...missing.map(({ written, folder }) =>
      makeProblem('package-missing', `package '${written}' is not in ${config.paths.packages}/`, {
        hint: `copy its files, with their dbt_project.yml, to ${join(root, folder)}; nothing is fetched from the network`,
      }),
    ),
  )
  if (problems.length > 0) throw new ProblemError(problems)
  return 0
}

/** As in dbt the list has the package also where it cannot be installed. */
async function addPackage(
  { narrator }: CommandContext,
  root: string,
  written: string,
  source: PackageSource,
): Promise<void> {
  const [{ readWantedPackage, withPackage }, { parseYaml }] = await Promise.all([
    import('../../project/add-package.ts'),
    import('../../project/yaml-document.ts'),
  ])
  const textOf = (name: string) =>
    existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : ''
  const isInOther = !textOf('packages.yml') && /^packages\s*:/m.test(textOf('dependencies.yml'))
  const list = isInOther ? 'dependencies.yml' : 'packages.yml'
  const text = textOf(list)
  const problems: Problem[] = []
  parseYaml({ path: list, text }, problems)
  if (problems.length > 0) throw new ProblemError(problems)
  const { text: changed, removed } = withPackage(text, readWantedPackage(written, source))
  writeFileSync(join(root, list), changed)
  for (const one of removed) narrator.note(`Took ${one} out of ${list}, which names the same package`)
  narrator.note(`Added ${written} to ${list}`)
}
