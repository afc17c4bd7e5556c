import { join } from 'node:path'
import { makeProblem, type Problem, ProblemError } from '../../core/problem.ts'
import type { CommandContext, ExitCode } from '../command-context.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

/** `estimand deps`: puts local packages in their place and says what else the project builds on. */
export const defineDeps: CommandDefiner = (program, { command, launch }) => {
  const deps = command(program, 'deps').description(
    'link local packages, and check that the others are there',
  )
  deps.addHelpText('after', examples([['estimand deps', 'what packages.yml and dependencies.yml name']]))
  deps.action(launch((context) => checkPackages(context)))
}

async function checkPackages(context: CommandContext): Promise<ExitCode> {
  const [{ findRoot, readConfig }, { installPackages }] = await Promise.all([
    import('../open-target.ts'),
    import('../../project/install-packages.ts'),
  ])
  const root = await findRoot(context)
  const { config } = await readConfig(root)
  const problems: Problem[] = []
  const packages = installPackages(root, config, problems)
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
