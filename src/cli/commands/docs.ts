import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { GenerateFlags } from '../generate-docs.ts'

/** `estimand docs …`: what documentation sites and catalogues read. */
export const defineDocs: CommandDefiner = (program, { command, options, launch }) => {
  const docs = command(program, 'docs')
    .usage('<command> [options]')
    .description('write what documentation sites and data catalogues read')
  const generate = command(docs, 'generate').description(
    'write manifest.json, compiled SQL, and catalog.json with the columns as they stand in the warehouse',
  )
  options.selection(generate)
  options.deferral(generate)
  generate
    .addOption(new Option('--no-compile', 'do not compile the nodes, only look at the warehouse'))
    .addOption(new Option('--empty-catalog', 'do not look at the warehouse: catalog.json names nothing'))
    .addOption(new Option('--compile', 'compile the nodes too, which is the default').hideHelp())
  generate.action(
    launch<GenerateFlags>(async (context, flags) => {
      const { generateDocs } = await import('../generate-docs.ts')
      return generateDocs(context, flags)
    }),
  )
  docs.addHelpText(
    'after',
    examples([
      ['estimand docs generate', 'everything'],
      ['estimand docs generate --select marts', 'the columns of some nodes'],
    ]),
  )
}
