import { Option } from 'commander'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { GenerateFlags } from '../generate-docs.ts'

const noSite = makeProblem(
  'not-supported',
  'docs generate writes no site, so there is nothing that could be --static',
  {
    hint: 'without it, it writes manifest.json and catalog.json, from which documentation sites are made',
  },
)

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
    .addOption(new Option('--static', 'refused: there is no page to write').hideHelp())
    .addOption(new Option('--compile', 'compile the nodes too, which is the default').hideHelp())
  generate.action(
    launch<GenerateFlags & { readonly static?: boolean }>(async (context, flags) => {
      if (flags.static) throw new ProblemError(noSite)
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
