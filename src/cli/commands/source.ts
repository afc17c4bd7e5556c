import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { FreshnessFlags } from '../show-freshness.ts'

/** `estimand source …`: what others load. */
export const defineSource: CommandDefiner = (program, { command, options, launch }) => {
  const source = command(program, 'source')
    .usage('<command> [options]')
    .description('look at what others load')
  const freshness = command(source, 'freshness')
    .alias('snapshot-freshness')
    .description('say how old the newest rows of sources are, and write sources.json')
  options.selection(freshness)
  freshness
    .addOption(
      new Option('-o, --output <path>', 'where sources.json is written (default: the target folder)'),
    )
    .addOption(new Option('--threads <count>', 'how many sources are asked at once').argParser(Number))
  freshness.action(
    launch<FreshnessFlags>(async (context, flags) => {
      const { showFreshness } = await import('../show-freshness.ts')
      return showFreshness(context, flags)
    }),
  )
  source.addHelpText(
    'after',
    examples([
      ['estimand source freshness', 'every source that says how old it may be'],
      ['estimand source freshness --select source:shop', 'the tables of one source'],
    ]),
  )
}
