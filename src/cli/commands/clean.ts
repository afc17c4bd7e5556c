import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

interface CleanFlags {
  readonly cleanProjectFilesOnly: boolean
}

/** `estimand clean`: removes what can be made again. */
export const defineClean: CommandDefiner = (program, { command, launch }) => {
  const clean = command(program, 'clean').description('remove target/ and the logs; the warehouse stays')
  clean
    .addOption(
      new Option('--no-clean-project-files-only', 'also remove folders of clean-targets outside the project'),
    )
    .addOption(new Option('--clean-project-files-only', 'the opposite').hideHelp())
  clean.addHelpText(
    'after',
    examples([
      ['estimand clean', 'remove compiled SQL, artifacts and logs'],
      ['estimand db reset', 'to remove the embedded warehouse instead'],
    ]),
  )
  clean.action(
    launch<CleanFlags>(async (context, flags) => {
      const { cleanProject } = await import('../clean-project.ts')
      return cleanProject(context, flags)
    }),
  )
}
