import { type Block, heading } from '../../document/document.ts'
import type { CausalMemoInput } from './memo-input.ts'

/** What to believe, in a sentence for each outcome. */
export function verdictPart({ verdicts }: Pick<CausalMemoInput, 'verdicts'>): Block[] {
  return [
    heading(2, 'What to believe'),
    ...verdicts.map(
      ({ verdict, sentence }): Block => ({
        kind: 'callout',
        tone: verdict === 'effect' ? 'good' : verdict === 'no_effect_found' ? 'neutral' : 'bad',
        text: sentence,
      }),
    ),
  ]
}
