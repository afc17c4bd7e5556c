import { join } from 'node:path'
import { Option } from 'commander'
import { makeProblem, type Problem, ProblemError } from '../../core/problem.ts'
import type { CommandContext, ExitCode } from '../command-context.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

interface DepsFlags {
  readonly lock?: boolean
}

/** `estimand deps`: puts local packages in their place and says what else the project builds on. */
export const defineDeps: CommandDefiner = (program, { command, launch }) => {
  const deps = command(program, 'deps').description(
    'link local packages, and check that the others are there',
  )
  // Nothing is fetched, so there is no version to fix and none to move on to; only the links can be left out.
  deps
    .addOption(new Option('--lock', 'check what is there, and link nothing'))
    .addOption(new Option('--upgrade', 'accepted for the sake of dbt').hideHelp())
  deps.addHelpText('after', examples([['estimand deps', 'what packages.yml and dependencies.yml name']]))
  deps.action(launch<DepsFlags>((context, flags) => checkPackages(context, flags.lock ?? false)))
}

async function checkPackages(context: CommandContext, isCheckOnly: boolean): Promise<ExitCode> {
  const [{ findRoot, readConfig }, { installPackages }] = await Promise.all([
    import('../open-target.ts'),
    import('../../project/install-packages.ts'),
  ])
  const root = await findRoot(context)
  const { config } = await readConfig(root)
  const problems: Problem[] = []
  const packages = installPackages(root, config, problems, { isCheckOnly })
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
