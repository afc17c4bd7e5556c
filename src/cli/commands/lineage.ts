import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { ColumnLineageFlags, NodeLineageFlags } from '../show-lineage.ts'

/** `estimand lineage …`: what columns are made from. */
export const defineLineage: CommandDefiner = (program, { command, launch }) => {
  const lineage = command(program, 'lineage')
    .usage('<command> [options]')
    .description('what columns are made from, and what is made from them; needs no database')
  const outputOption = (): Option =>
    new Option('--output <format>', 'how it is printed').choices(['text', 'json']).default('text')
  command(lineage, 'column')
    .usage('<node.column> [options]')
    .description('follow one column through the project')
    .argument('<node.column>', 'a column of a model, seed, job or source: orders.amount, crm.people.email')
    .addOption(new Option('--upstream', 'what it is made from; the default'))
    .addOption(new Option('--downstream', 'what is made from it'))
    .addOption(new Option('--influences', 'also columns that only filter, join, group or order'))
    .addOption(outputOption())
    .action(
      launch<ColumnLineageFlags>(async (context, flags, [name = '']) => {
        const { showColumnLineage } = await import('../show-lineage.ts')
        return showColumnLineage(context, name, flags)
      }),
    )
  command(lineage, 'node')
    .usage('<node> [options]')
    .description('every column of one node, with what it is made from')
    .argument('<node>', 'the name of a model, test, job, seed or source')
    .addOption(outputOption())
    .action(
      launch<NodeLineageFlags>(async (context, flags, [name = '']) => {
        const { showNodeLineage } = await import('../show-lineage.ts')
        return showNodeLineage(context, name, flags)
      }),
    )
  lineage.addHelpText(
    'after',
    examples([
      ['estimand lineage column daily_user_metrics.revenue', 'where the number comes from'],
      ['estimand lineage column stg_events.user_id --downstream', 'what would change with it'],
      ['estimand lineage node daily_user_metrics', 'all columns of a model'],
    ]),
  )
}
