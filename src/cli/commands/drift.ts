import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { DriftFlags } from '../show-drift.ts'
import type { MemoFlags } from '../write-memo.ts'
import { standingOutput } from './standing-options.ts'

/** `estimand drift …`: what has moved from its reference. */
export const defineDrift: CommandDefiner = (program, { command, launch }) => {
  const drift = command(program, 'drift')
    .usage('<command> [options]')
    .description('see what has moved from its reference: shifts, since when, distributions')

  const list = command(drift, 'list').description('one line for each drift job')
  list.addOption(standingOutput())
  list.action(
    launch<DriftFlags>(async (context, flags) => {
      const { listDrift } = await import('../show-drift.ts')
      return listDrift(context, flags)
    }),
  )

  const show = command(drift, 'show')
    .usage('<job> [options]')
    .argument('<job>', 'its name')
    .description('what drifted, since when, and the distributions of one')
  show.option('--all', 'also what did not drift').addOption(standingOutput())
  show.action(
    launch<DriftFlags>(async (context, flags, args) => {
      const { showDrift } = await import('../show-drift.ts')
      return showDrift(context, flags, args[0]!)
    }),
  )

  const memo = command(drift, 'memo')
    .usage('<job> [options]')
    .argument('<job>', 'its name')
    .description('the memo of one')
  memo
    .addOption(
      new Option(
        '--format <format>',
        'markdown, or a page of HTML; as the file is called if not said',
      ).choices(['markdown', 'html']),
    )
    .addOption(new Option('--to <file>', 'write it into a file instead of printing it'))
  memo.action(
    launch<MemoFlags>(async (context, flags, args) => {
      const { writeDriftMemo } = await import('../show-drift.ts')
      return writeDriftMemo(context, flags, args[0]!)
    }),
  )

  drift.addHelpText(
    'after',
    examples([
      ['estimand drift list', 'what each job found'],
      ['estimand drift show sessions', 'one with its distributions'],
      ['estimand drift memo sessions --to memo.html', 'for those who decide'],
    ]),
  )
}
