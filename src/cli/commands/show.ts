import { InvalidArgumentError, Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import type { RowsFormat } from '../display/rows.ts'
import { examples } from '../examples.ts'
import type { SelectionFlags } from '../flags.ts'

interface ShowFlags extends SelectionFlags {
  readonly inline?: string
  readonly limit: number
  readonly output: RowsFormat
}

/** `estimand show`: rows of a node or of a query. */
export const defineShow: CommandDefiner = (program, { command, options, launch }) => {
  const show = command(program, 'show').description('print rows of one node, or of a query of your own')
  options.selection(show)
  options.deferral(show)
  show
    .addOption(new Option('--inline <sql>', 'a query, which may use ref() and the like'))
    .addOption(new Option('--limit <n>', 'rows at most; 0 or -1 for all').argParser(parseLimit).default(5))
    .addOption(
      new Option('--output <format>', 'how rows are printed')
        .choices(['table', 'json', 'csv'])
        .default('table'),
    )
  show.addHelpText(
    'after',
    examples([
      ['estimand show --select experiment_daily_metrics', 'the first rows of a model'],
      [`estimand show --inline "select count(*) from {{ ref('stg_events') }}"`, 'a query'],
      ['estimand show -s retention_cohorts --limit 0 --output csv', 'everything, for a spreadsheet'],
    ]),
  )
  show.action(
    launch<ShowFlags>(async (context, flags) => {
      const { showRows } = await import('../show-rows.ts')
      return showRows(context, flags)
    }),
  )
}

/** 0 is for all rows; so is any number below, which is how dbt has it. */
function parseLimit(text: string): number {
  const limit = Number(text)
  if (/^-?\d+$/.test(text.trim()) && Number.isSafeInteger(limit)) return Math.max(0, limit)
  throw new InvalidArgumentError('It must be a whole number.')
}
