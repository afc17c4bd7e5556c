import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RunFlags } from '../flags.ts'
import type { InferFlags } from '../infer-load.ts'
import { parseWholeNumber } from '../options.ts'

/** `estimand load`: the loads declared under pipelines/. */
export const defineLoad: CommandDefiner = (program, { command, options, launch }) => {
  const load = command(program, 'load').description(
    'fill tables from the generators and files under pipelines/',
  )
  options.selection(load)
  options.fullRefresh(load)
  options.execution(load)
  options.empty(load)
  load.addOption(
    new Option('--infer <files>', 'load nothing, but write the declaration of a load for these files'),
  )
  load.addOption(new Option('--name <name>', 'with --infer: what it is called; as the file if not said'))
  load.addOption(new Option('--schema <name>', 'with --infer: where its table is to stand').default('raw'))
  load.addOption(
    new Option('--infer-rows <n>', 'with --infer: look only at so many rows').argParser(parseWholeNumber),
  )
  load.addHelpText(
    'after',
    examples([
      ['estimand load', 'every load whose declaration, parameters or code changed'],
      ['estimand load --full-refresh', 'all of them anew'],
      ['estimand load --infer data/orders.csv', 'write pipelines/orders.yml for a file'],
      ["estimand load --vars '{events: 50000}'", 'with a parameter'],
    ]),
  )
  load.action(
    launch<RunFlags & Partial<InferFlags>>(async (context, { infer, ...flags }) => {
      if (infer !== undefined) {
        const { inferLoadFile } = await import('../infer-load.ts')
        return inferLoadFile(context, { ...flags, infer, schema: flags.schema ?? 'raw' })
      }
      const { executeNodes } = await import('../execute-nodes.ts')
      return executeNodes(context, flags, { resourceTypes: ['load'] })
    }, 'out'),
  )
}
