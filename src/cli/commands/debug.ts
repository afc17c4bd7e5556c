import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

/** `estimand debug`: whether everything is in place. */
export const defineDebug: CommandDefiner = (program, { command, launch }) => {
  const debug = command(program, 'debug').description('check the project, the target and the connection')
  debug.addHelpText(
    'after',
    examples([
      ['estimand debug', 'check what the other commands would use'],
      ['estimand debug --target prod', 'check another target'],
    ]),
  )
  debug.action(
    launch(async (context) => {
      const { checkSetup } = await import('../check-setup.ts')
      return checkSetup(context)
    }),
  )
}
