import type { CausalOutcome } from '../../core/causal-spec.ts'
import type { VerdictRow } from '../../core/causal-tables.ts'
import type { CheckRow, PanelRefutationRow } from '../../core/did-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import type { MemoRow } from '../../core/experiment-tables.ts'
import type { DiscontinuitySpec, SeriesSpec } from '../../core/quasi-spec.ts'
import { type Inference, isRefused, type Refusal } from '../../stats/index.ts'
import { verdictPart } from '../causal/memo/verdict-part.ts'
import { questionVerdict } from '../did/did-verdict.ts'
import { checksPart, refutationsPart } from '../did/memo/checks-part.ts'
import { estimatesPart } from '../did/memo/estimates-part.ts'
import { didTableColumns } from '../did/table-columns.ts'
import { heading, list, paragraph } from '../document/document.ts'
import { toHtml } from '../document/to-html.ts'
import { toMarkdown } from '../document/to-markdown.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import type { JobContext, JobOutcome } from '../job.ts'
import { rowsTable } from '../rows-table.ts'

type Spec = DiscontinuitySpec | SeriesSpec

/** What was found of one outcome. */
export interface QuasiFound {
  readonly outcome: CausalOutcome
  readonly estimates: readonly Estimate[]
  readonly checks: readonly CheckRow[]
  readonly refutations: readonly PanelRefutationRow[]
  /** The method that stands for the outcome. */
  readonly headline: { readonly method: string; readonly estimand: string }
}

/** An estimate as a row. */
export function quasiEstimate(
  { treatment, ciLevel }: Spec,
  { job, runId, asOf }: TableOrigin,
  about: {
    readonly outcome: string
    readonly method: string
    readonly estimand: string
    readonly n: number
    readonly nTreated: number
    readonly diagnostics: Readonly<Record<string, unknown>>
  },
  result: Inference | Refusal,
): Estimate {
  const common = {
    ...{ job, runId, asOf, treatment, comparison: `no ${treatment}`, segmentName: null, segmentValue: null },
    ...{ ...about, scale: 'absolute' as const, pValueAdjusted: null, ciLevel },
  }
  if (isRefused(result))
    return {
      ...common,
      ...{ estimate: null, stdError: null, ciLower: null, ciUpper: null, ciKind: null, pValue: null },
      ...{ status: 'refused', reason: result.refused },
    }
  const { estimate, stdError, ciLower, ciUpper, pValue } = result
  return {
    ...common,
    ...{ estimate, stdError, ciLower, ciUpper, ciKind: 'fixed_horizon', pValue, status: 'ok', reason: null },
  }
}

/** What a refuter found, as a row of its outcome and method. */
export function quasiRefutation(
  origin: TableOrigin,
  { outcome, method, estimand, estimate }: Pick<Estimate, 'outcome' | 'method' | 'estimand' | 'estimate'>,
  found: Pick<PanelRefutationRow, 'refuter' | 'verdict' | 'message'> & Partial<PanelRefutationRow>,
): PanelRefutationRow {
  return {
    ...{ ...origin, outcome, method, estimand, estimate, newEffect: null, spread: null, pValue: null },
    ...{ simulations: null, diagnostics: {}, ...found },
  }
}

/** The tables of such a question, with verdict and memo. */
export async function quasiTables(
  spec: Spec,
  { job, runId }: Pick<JobContext, 'job' | 'runId'>,
  found: readonly QuasiFound[],
  of: string,
  supposed: readonly string[],
): Promise<JobOutcome> {
  const origin = { job: job.name, runId, asOf: spec.asOf }
  const estimates = found.flatMap((one) => one.estimates)
  const checks = found.flatMap((one) => one.checks)
  const refutations = found.flatMap((one) => one.refutations)
  const verdicts = found.map(({ outcome, estimates: own, headline }): VerdictRow => {
    const row = own.find(
      ({ method, estimand }) => method === headline.method && estimand === headline.estimand,
    )
    return questionVerdict({
      ...{ origin, outcome, treatment: spec.treatment, of, checks, refutations },
      ...{ estimand: headline.estimand, ciLevel: spec.ciLevel },
      headline: row?.status === 'ok' ? row : undefined,
      naive: own.find(({ estimand }) => estimand === 'association')?.estimate ?? null,
      refusal: row?.reason,
    })
  })
  const shown = { spec: { outcomes: spec.outcomes, scale: 'absolute' as const }, estimates, verdicts }
  const document = {
    title: spec.question || job.name,
    blocks: [
      paragraph(`Question ${job.name}, as of ${spec.asOf}.`),
      ...verdictPart({ verdicts }),
      ...estimatesPart(shown),
      ...checksPart({ spec, checks, refutations }),
      ...refutationsPart({ spec, checks, refutations }),
      heading(2, 'What this supposes'),
      list(supposed),
    ],
  }
  const memo: MemoRow[] = [
    { ...origin, format: 'markdown', document: toMarkdown(document) },
    { ...origin, format: 'html', document: await toHtml(document) },
  ]
  const table = (suffix: string, rows: readonly object[]) => rowsTable(suffix, didTableColumns[suffix]!, rows)
  const words = verdicts.map(({ outcome, verdict }) => `${outcome}: ${verdict.replaceAll('_', ' ')}`)
  return {
    tables: [
      table('', estimates),
      table('checks', checks),
      table('refutations', refutations),
      table('verdict', verdicts),
      table('memo', memo),
    ],
    summary: `${estimates.length} estimates; ${words.join('; ')}`,
  }
}
