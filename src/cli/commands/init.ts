import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

/** `estimand init`: a project to begin with. */
export const defineInit: CommandDefiner = (program, { command, launch }) => {
  const init = command(program, 'init')
    .usage('[name] [options]')
    .description('make a small project that builds at once; never writes over anything')
    .argument('[name]', 'the folder and name of the project; without it, the working directory')
    .addOption(new Option('-s, --skip-profile-setup', 'accepted for the sake of dbt').hideHelp())
  init.addHelpText(
    'after',
    examples([
      ['estimand init shop', 'a folder shop with a project of the same name'],
      ['cd shop && estimand build', 'and build it'],
    ]),
  )
  init.action(
    launch<object>(async (context, _flags, [name]) => {
      const { initProject } = await import('../init-project.ts')
      return initProject(context, name)
    }),
  )
}
