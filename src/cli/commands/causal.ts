import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { CausalFlags, CausalGraphFlags } from '../show-causal.ts'
import type { MemoFlags } from '../write-memo.ts'
import { addMemoOptions, standingOutput } from './standing-options.ts'

/** `estimand causal …`: what causal questions came to. */
export const defineCausal: CommandDefiner = (program, { command, launch }) => {
  const causal = command(program, 'causal')
    .usage('<command> [options]')
    .description('see what causal questions came to: effects, refuters, verdicts, graphs')

  const list = command(causal, 'list').description('one line for each causal question')
  list.addOption(standingOutput())
  list.action(
    launch<CausalFlags>(async (context, flags) => {
      const { listCausal } = await import('../show-causal.ts')
      return listCausal(context, flags)
    }),
  )

  const show = command(causal, 'show')
    .usage('<question> [options]')
    .argument('<question>', 'its name')
    .description('the verdict, the estimates and the refuters of one')
  show.addOption(standingOutput())
  show.action(
    launch<CausalFlags>(async (context, flags, args) => {
      const { showCausal } = await import('../show-causal.ts')
      return showCausal(context, flags, args[0]!)
    }),
  )

  const memo = command(causal, 'memo')
    .usage('<question> [options]')
    .argument('<question>', 'its name')
    .description('the memo of one: what to believe, and what it rests on')
  addMemoOptions(memo)
  memo.action(
    launch<MemoFlags>(async (context, flags, args) => {
      const { writeCausalMemo } = await import('../show-causal.ts')
      return writeCausalMemo(context, flags, args[0]!)
    }),
  )

  const graph = command(causal, 'graph')
    .usage('<question> [options]')
    .argument('<question>', 'its name')
    .description('the graph of one, drawn, and what follows from it; needs no warehouse')
  graph
    .addOption(
      new Option(
        '--output <format>',
        'a drawing, DOT, or the adjustment sets, instruments and implications; as the file is called if not said',
      ).choices(['svg', 'dot', 'json']),
    )
    .addOption(new Option('--to <file>', 'write it into a file instead of printing it'))
  graph.action(
    launch<CausalGraphFlags>(async (context, flags, args) => {
      const { drawCausalGraph } = await import('../show-causal.ts')
      return drawCausalGraph(context, flags, args[0]!)
    }),
  )

  causal.addHelpText(
    'after',
    examples([
      ['estimand causal list', 'which questions there are, and what came of them'],
      ['estimand causal show feature_spend', 'one of them, with its intervals drawn'],
      ['estimand causal memo feature_spend --to memo.html', 'what to tell those who decide, with charts'],
      ['estimand causal graph feature_spend --to graph.svg', 'what causes what'],
      [
        'estimand causal graph feature_spend --output json',
        'what may be adjusted for, and what the graph implies',
      ],
    ]),
  )
}
