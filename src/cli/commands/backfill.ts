import { Option } from 'commander'
import type { BackfillFlags } from '../backfill-nodes.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import { parseCount, parseTime } from '../options.ts'

/** `estimand backfill`: stretches of the past of models that are built by time. */
export const defineBackfill: CommandDefiner = (program, { command, options, launch }) => {
  const backfill = command(program, 'backfill').description(
    'build stretches of the past of incremental models; what is built already is left out',
  )
  options.selection(backfill)
  options.deferral(backfill)
  backfill.addOption(
    new Option('--from <time>', "the first instant (default: each model's begin)").argParser(parseTime),
  )
  backfill.addOption(
    new Option(
      '--to <time>',
      'the end, not part of it (default: where the last batch ended that is over)',
    ).argParser(parseTime),
  )
  backfill.addOption(new Option('--force', 'also what this version of a model has built already'))
  backfill.addOption(
    new Option(
      '--publish-every <n>',
      'publish after so many batches of a model (default: all of a model at once)',
    ).argParser(parseCount),
  )
  backfill.addOption(new Option('--dry-run', 'say what would be built, and change nothing'))
  options.execution(backfill)
  backfill.addHelpText(
    'after',
    examples([
      ['estimand backfill -s daily_sales --from 2026-01-01 --to 2026-04-01', 'three months of a model'],
      ['estimand backfill -s daily_sales+ --publish-every 30', 'all that is missing, 30 batches at a time'],
      ['estimand backfill -s tag:daily --from 2026-01-01 --dry-run', 'only say what that would be'],
      ['estimand backfill -s daily_sales --from 2026-03-01 --to 2026-03-02 --force', 'one day again'],
    ]),
  )
  backfill.action(
    launch<BackfillFlags>(async (context, flags) => {
      const { backfillNodes } = await import('../backfill-nodes.ts')
      return backfillNodes(context, flags)
    }, 'out'),
  )
}
