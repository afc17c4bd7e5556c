import type { MemoRow } from '../../../core/experiment-tables.ts'
import { type Document, paragraph } from '../../document/document.ts'
import { toHtml } from '../../document/to-html.ts'
import { toMarkdown } from '../../document/to-markdown.ts'
import { comparabilityPart } from './comparability-part.ts'
import { graphPart } from './graph-part.ts'
import type { CausalMemoInput } from './memo-input.ts'
import { refutationsPart } from './refutations-part.ts'
import { resultsPart } from './results-part.ts'
import { unitsPart } from './units-part.ts'
import { verdictPart } from './verdict-part.ts'

/** The memo of a causal question as plain data: the answer first, then everything that it rests on. */
export function causalMemoDocument(input: CausalMemoInput): Document {
  const { name, spec } = input
  return {
    title: spec.question || name,
    blocks: [
      paragraph(`Causal question ${name}, as of ${spec.asOf}.`),
      ...verdictPart(input),
      ...resultsPart(input),
      ...graphPart(input),
      ...comparabilityPart(input),
      ...refutationsPart(input),
      ...unitsPart(input),
    ],
  }
}

/** The memo as Markdown and as an HTML page that loads nothing. */
export async function makeCausalMemo(input: CausalMemoInput, runId: string): Promise<MemoRow[]> {
  const document = causalMemoDocument(input)
  const row = { job: input.name, runId, asOf: input.spec.asOf }
  return [
    { ...row, format: 'markdown', document: toMarkdown(document) },
    { ...row, format: 'html', document: await toHtml(document) },
  ]
}
