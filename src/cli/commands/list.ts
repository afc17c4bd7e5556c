import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { ListFlags } from '../list-nodes.ts'

/** `estimand ls`: names the selected nodes. */
export const defineList: CommandDefiner = (program, { command, options, launch }) => {
  const list = command(program, 'ls').alias('list').description('name the selected nodes')
  options.selection(list)
  list.addOption(
    new Option('--output <format>', 'selectors, names, paths, or one JSON object a line')
      .choices(['text', 'selector', 'name', 'path', 'json'])
      .default('text'),
  )
  list.addOption(
    new Option('--output-keys <key...>', 'for json: which keys, such as name or config.materialized'),
  )
  list.addHelpText(
    'after',
    examples([
      ['estimand ls', 'every node'],
      ['estimand ls --select +retention_cohorts --resource-type model', 'the models that one is made from'],
      ['estimand ls --output json --select tag:nightly', 'for other programs'],
    ]),
  )
  list.action(
    launch<ListFlags>(async (context, flags) => {
      const { listNodes } = await import('../list-nodes.ts')
      return listNodes(context, withSplitKeys(flags))
    }, 'events'),
  )
}

/** dbt takes the keys also as one text with spaces or commas. */
function withSplitKeys(flags: ListFlags): ListFlags {
  const outputKeys = flags.outputKeys?.flatMap((keys) => keys.split(/[\s,]+/)).filter((key) => key !== '')
  return { ...flags, ...(outputKeys && { outputKeys }) }
}
