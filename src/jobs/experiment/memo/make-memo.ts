import type { MemoRow } from '../../../core/experiment-tables.ts'
import { type Document, paragraph } from '../../document/document.ts'
import { toHtml } from '../../document/to-html.ts'
import { toMarkdown } from '../../document/to-markdown.ts'
import { cohortsPart } from './cohorts-part.ts'
import { changePart, decisionPart, verdictPart } from './decision-part.ts'
import { designPart } from './design-part.ts'
import { healthPart } from './health-part.ts'
import type { MemoInput } from './memo-input.ts'
import { questionsPart } from './questions-part.ts'
import { resultsPart } from './results-part.ts'
import { sensitivityPart } from './sensitivity-part.ts'

/** The memo of an experiment as plain data: the answer first, then everything that it rests on. */
export function memoDocument(input: MemoInput): Document {
  const { name, spec } = input
  return {
    title: spec.question || name,
    blocks: [
      paragraph(`Experiment ${name}, as of ${spec.asOf}.`),
      ...verdictPart(input),
      ...questionsPart(input),
      ...designPart(input),
      ...healthPart(input),
      ...resultsPart(input),
      ...sensitivityPart(input),
      ...cohortsPart(input),
      ...decisionPart(input),
      ...changePart(input),
    ],
  }
}

/** The memo as Markdown and as an HTML page that loads nothing. */
export async function makeMemo(input: MemoInput, runId: string): Promise<MemoRow[]> {
  const document = memoDocument(input)
  const row = { job: input.name, runId, asOf: input.spec.asOf }
  return [
    { ...row, format: 'markdown', document: toMarkdown(document) },
    { ...row, format: 'html', document: await toHtml(document) },
  ]
}
