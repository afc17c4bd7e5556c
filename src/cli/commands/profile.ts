import { InvalidArgumentError, Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { ProfileFlags } from '../show-profile.ts'

/** `estimand profile`: what stands in the columns of a relation. */
export const defineProfile: CommandDefiner = (program, { command, launch }) => {
  const profile = command(program, 'profile')
    .usage('<relation> [options]')
    .description('what stands in the columns of a relation: ranges, missing, outliers, duplicates')
    .argument('<relation>', 'a model, seed, snapshot or source, or a table of the warehouse: schema.table')
    .addOption(new Option('--columns <column...>', 'only these columns'))
    .addOption(
      new Option('--key <column...>', 'what is to be unique; as declared, or by a unique index, if not said'),
    )
    .addOption(
      new Option('--sample <percent>', 'look only at so many percent of the rows').argParser(parsePercent),
    )
    .addOption(
      new Option('--compare <relation>', 'set another beside it, column by column: before and after'),
    )
    .addOption(new Option('--to <file>', 'write an HTML page that needs nothing else'))
    .addOption(new Option('--output <format>', 'how it is printed').choices(['text', 'json']).default('text'))
  profile.addHelpText(
    'after',
    examples([
      ['estimand profile stg_events', 'a model'],
      ['estimand profile shop.orders --key order_id', 'a source, and whether this is unique'],
      ['estimand profile shop.events --sample 5', 'a twentieth of the rows'],
      ['estimand profile shop.orders --compare stg_shop__orders', 'before and after cleaning'],
      ['estimand profile shop.customers --to customers.html', 'a page for others'],
    ]),
  )
  profile.action(
    launch<ProfileFlags>(async (context, flags, [name = '']) => {
      const { showProfile } = await import('../show-profile.ts')
      return showProfile(context, name, flags)
    }),
  )
}

/** `5`, `0.1`, `5%`. */
function parsePercent(text: string): number {
  const percent = /^\d+(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : 0
  if (percent > 0 && percent <= 100 && !String(percent).includes('e')) return percent
  throw new InvalidArgumentError('It must be a number of percent, above 0 and up to 100.')
}
