import type { DriftSpec } from '../../core/drift-spec.ts'
import type { MemoRow } from '../../core/experiment-tables.ts'
import { type Block, type Document, heading, list, paragraph, table } from '../document/document.ts'
import { toHtml } from '../document/to-html.ts'
import { toMarkdown } from '../document/to-markdown.ts'
import type { DriftTables } from './analyse-drift.ts'
import { changeWords, findingWords, scopeWords, shown, statisticName, windowWords } from './drift-words.ts'

/** The memo of a drift job as plain data: what drifted first, then since when, then everything that was judged. */
export function driftMemoDocument(name: string, spec: DriftSpec, tables: DriftTables): Document {
  return {
    title: spec.question || name,
    blocks: [
      paragraph(`Drift of ${spec.data.ref}, as of ${spec.asOf}.`),
      ...verdictPart(tables),
      ...changesPart(tables),
      ...shiftsPart(tables),
      paragraph(
        `A shift counts where it is beyond its threshold and its p-value, adjusted for all that was tested, is at most ${spec.alpha}. The p-values rest on how windows of the reference differ from each other, so days and users that resemble each other make no drift.`,
      ),
    ],
  }
}

/** The memo as Markdown and as an HTML page that loads nothing. */
export async function makeDriftMemo(
  name: string,
  spec: DriftSpec,
  tables: DriftTables,
  runId: string,
): Promise<MemoRow[]> {
  const document = driftMemoDocument(name, spec, tables)
  const row = { job: name, runId, asOf: spec.asOf }
  return [
    { ...row, format: 'markdown', document: toMarkdown(document) },
    { ...row, format: 'html', document: await toHtml(document) },
  ]
}

function verdictPart({ findings }: DriftTables): Block[] {
  const drifted = findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')
  const judged = findings.filter(({ verdict }) => verdict === 'ok').length + drifted.length
  const refused = findings.filter(({ verdict }) => verdict === 'refused').length
  const callout = (tone: 'good' | 'bad' | 'neutral', text: string): Block => ({ kind: 'callout', tone, text })
  if (judged === 0) return [callout('neutral', 'Nothing could be judged.')]
  if (drifted.length === 0)
    return [
      callout(
        'good',
        `Nothing drifted: ${judged} shifts were judged${refused > 0 ? `, ${refused} could not be` : ''}.`,
      ),
    ]
  const failed = drifted.filter(({ verdict }) => verdict === 'fail')
  return [
    callout(failed.length > 0 ? 'bad' : 'neutral', `${drifted.length} of ${judged} shifts are drift.`),
    list([...failed, ...drifted.filter((row) => !failed.includes(row))].map(findingWords)),
  ]
}

function changesPart({ changes }: DriftTables): Block[] {
  const found = changes.filter(({ verdict }) => verdict === 'change')
  if (found.length === 0) return []
  return [
    heading(2, 'Since when'),
    table(
      ['from', 'column', 'change', 'p'],
      found.map((row) => [
        row.changedOn!,
        scopeWords(row),
        changeWords(row),
        probability(row.pValueAdjusted),
      ]),
      [3],
    ),
  ]
}

function shiftsPart({ findings }: DriftTables): Block[] {
  const judged = findings.filter(({ warnAt, failAt }) => warnAt !== null || failAt !== null)
  if (judged.length === 0) return []
  return [
    heading(2, 'Everything that was judged'),
    table(
      ['column', 'window', 'statistic', 'value', 'p', 'verdict'],
      judged.map((row) => [
        scopeWords(row),
        windowWords(row.windowDays),
        statisticName(row.statistic),
        row.value === null ? '' : shown(row.value),
        probability(row.pValueAdjusted),
        row.verdict,
      ]),
      [3, 4],
    ),
  ]
}

function probability(value: number | null): string {
  return value === null ? '' : value < 0.0001 ? '<0.0001' : value.toFixed(4)
}
