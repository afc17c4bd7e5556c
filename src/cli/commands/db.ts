import { Option } from 'commander'
import type { CommandContext, ExitCode } from '../command-context.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

type EmbeddedCommands = typeof import('../embedded-commands.ts')

/** `estimand db …`: the embedded PostgreSQL. */
export const defineDb: CommandDefiner = (program, { command, launch }) => {
  const db = command(program, 'db')
    .usage('<command> [options]')
    .description('the embedded PostgreSQL: start, stop, status, url, reset')
  const subcommands: readonly {
    readonly name: string
    readonly description: string
    readonly run: (module: EmbeddedCommands) => (context: CommandContext, flags: never) => Promise<ExitCode>
  }[] = [
    {
      name: 'start',
      description: 'start it; other commands do so by themselves',
      run: (module) => module.startDatabase,
    },
    { name: 'stop', description: 'stop it; the data stay', run: (module) => module.stopDatabase },
    {
      name: 'status',
      description: 'say whether it runs, where, and how much it holds',
      run: (module) => module.databaseStatus,
    },
    {
      name: 'url',
      description: 'print its address with password, for psql and BI tools; starts it if need be',
      run: (module) => module.databaseUrl,
    },
    { name: 'reset', description: 'stop it and delete all its data', run: (module) => module.resetDatabase },
  ]
  for (const { name, description, run } of subcommands) {
    const subcommand = command(db, name).description(description)
    if (name === 'reset') {
      subcommand.addOption(new Option('-y, --yes', 'do not ask'))
      subcommand.addOption(new Option('--force', 'even while others are connected'))
    }
    if (name === 'status') {
      subcommand.addOption(
        new Option('--output <format>', 'how it is printed').choices(['text', 'json']).default('text'),
      )
    }
    subcommand.action(
      launch(async (context, flags) => run(await import('../embedded-commands.ts'))(context, flags as never)),
    )
  }
  db.addHelpText(
    'after',
    examples([
      ['psql $(estimand db url)', 'look at the tables'],
      ['estimand db status', 'where it runs and what it holds'],
      ['estimand db reset --yes', 'begin anew'],
    ]),
  )
}
