import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RollbackFlags } from '../roll-back.ts'

/** `estimand rollback`: what was published before is put back. */
export const defineRollback: CommandDefiner = (program, { command, launch }) => {
  const rollback = command(program, 'rollback').description(
    'put back what the last publication replaced, where keep_publications keeps it',
  )
  rollback
    .addOption(new Option('--to <run>', 'the run whose publication is to stand; the one before the last'))
    .addOption(new Option('--dry-run', 'say what would be put back, and change nothing'))
    .addOption(
      new Option('--output <format>', 'text for people, or one JSON document on stdout')
        .choices(['text', 'json'])
        .default('text'),
    )
  rollback.addHelpText(
    'after',
    examples([
      ['estimand rollback --dry-run', 'what would be put back'],
      ['estimand rollback', 'take back the last publication'],
      ['estimand rollback --to 0d9f2c1e', 'all that came after this run'],
    ]),
  )
  rollback.action(
    launch<RollbackFlags>(async (context, flags) => {
      const { rollBack } = await import('../roll-back.ts')
      return rollBack(context, flags)
    }),
  )
}
