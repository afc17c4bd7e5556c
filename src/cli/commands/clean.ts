import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

/** `estimand clean`: removes what can be made again. */
export const defineClean: CommandDefiner = (program, { command, launch }) => {
  const clean = command(program, 'clean').description('remove target/ and the logs; the warehouse stays')
  clean.addHelpText(
    'after',
    examples([
      ['estimand clean', 'remove compiled SQL, artifacts and logs'],
      ['estimand db reset', 'to remove the embedded warehouse instead'],
    ]),
  )
  clean.action(
    launch(async (context) => {
      const { cleanProject } = await import('../clean-project.ts')
      return cleanProject(context)
    }),
  )
}
