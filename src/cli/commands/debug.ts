import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

interface DebugFlags {
  readonly connection?: boolean
  readonly configDir?: boolean
}

/** `estimand debug`: whether everything is in place. */
export const defineDebug: CommandDefiner = (program, { command, launch }) => {
  const debug = command(program, 'debug').description('check the project, the target and the connection')
  debug.addOption(new Option('--connection', 'check the connection alone, not the project'))
  debug.addOption(new Option('--config-dir', 'only say in which folder profiles.yml is looked for'))
  debug.addHelpText(
    'after',
    examples([
      ['estimand debug', 'check what the other commands would use'],
      ['estimand debug --target prod', 'check another target'],
    ]),
  )
  debug.action(
    launch<DebugFlags>(async (context, { connection, configDir }) => {
      const { checkSetup, showProfilesFolder } = await import('../check-setup.ts')
      if (configDir) return showProfilesFolder(context)
      return checkSetup(context, { connectionOnly: connection ?? false })
    }),
  )
}
