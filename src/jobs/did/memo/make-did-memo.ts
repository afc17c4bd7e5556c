import type { MemoRow } from '../../../core/experiment-tables.ts'
import { verdictPart } from '../../causal/memo/verdict-part.ts'
import { type Block, type Document, heading, list, paragraph } from '../../document/document.ts'
import { toHtml } from '../../document/to-html.ts'
import { toMarkdown } from '../../document/to-markdown.ts'
import { checksPart, refutationsPart } from './checks-part.ts'
import { estimatesPart } from './estimates-part.ts'
import { eventStudyPart } from './event-study-part.ts'
import type { DidMemoInput } from './memo-input.ts'

/** The memo of a difference in differences as plain data: the answer first, then everything that it rests on. */
export function didMemoDocument(input: DidMemoInput): Document {
  const { name, spec } = input
  return {
    title: spec.question || name,
    blocks: [
      paragraph(`Difference in differences ${name}, as of ${spec.asOf}.`),
      ...verdictPart({ verdicts: input.verdicts }),
      ...estimatesPart(input),
      ...eventStudyPart(input),
      ...checksPart(input),
      ...refutationsPart(input),
      ...supposedPart(input),
    ],
  }
}

/** The memo as Markdown and as an HTML page that loads nothing. */
export async function makeDidMemo(input: DidMemoInput, runId: string): Promise<MemoRow[]> {
  const document = didMemoDocument(input)
  const row = { job: input.name, runId, asOf: input.spec.asOf }
  return [
    { ...row, format: 'markdown', document: toMarkdown(document) },
    { ...row, format: 'html', document: await toHtml(document) },
  ]
}

/** What no data show: said plainly, since everything rests on it. */
function supposedPart({ spec }: DidMemoInput): Block[] {
  const { treatment, covariates, anticipation, cluster } = spec
  return [
    heading(2, 'What this supposes'),
    list([
      `Without ${treatment.name} the treated would have moved as the others did${covariates.length > 0 ? `, given ${covariates.join(', ')}` : ''}. What came before treatment can speak against it, never for it.`,
      anticipation > 0
        ? `Nobody acted on ${treatment.name} more than ${anticipation} periods before it came.`
        : `Nobody acted on ${treatment.name} before it came.`,
      'Treatment stays once it has begun, and does nothing to those who do not have it.',
      cluster === undefined
        ? 'Units do not move together otherwise: where they do, name the cluster.'
        : `Units move together within ${cluster} only.`,
    ]),
  ]
}
