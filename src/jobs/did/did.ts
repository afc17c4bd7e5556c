import type { DidSpec } from '../../core/did-spec.ts'
import { jobTables } from '../../core/job-tables.ts'
import { isRefused } from '../../stats/index.ts'
import type { JobRunner } from '../job.ts'
import { rowsTable } from '../rows-table.ts'
import { analyseDid, type DidTables, refusedTables } from './analyse-did.ts'
import { fetchDidData } from './data/fetch-did-data.ts'
import type { DidFacts } from './did-data.ts'
import { makeDidMemo } from './memo/make-did-memo.ts'
import { didTableColumns } from './table-columns.ts'

/** Answers what a treatment that came at some time did: effects by group and time, and how far to believe them. */
export const runDid: JobRunner<DidSpec> = async (spec, context) => {
  const { job, runId } = context
  const data = await fetchDidData(spec, context)
  const origin = { job: job.name, runId, asOf: spec.asOf }
  const tables = isRefused(data) ? refusedTables(spec, data, origin) : analyseDid(spec, data, origin)
  const memo = await makeDidMemo({ name: job.name, spec, ...tables }, runId)
  const rows: Readonly<Record<string, readonly object[]>> = {
    '': tables.estimates,
    checks: tables.checks,
    group_time: tables.groupTime,
    event_study: tables.eventStudy,
    synthetic_weights: tables.weights,
    refutations: tables.refutations,
    verdict: tables.verdicts,
    memo,
  }
  return {
    tables: jobTables(spec).map(({ suffix }) => rowsTable(suffix, didTableColumns[suffix]!, rows[suffix]!)),
    summary: summarise(isRefused(data) ? null : data.facts, tables),
  }
}

function summarise(facts: DidFacts | null, { estimates, verdicts }: DidTables): string {
  const refused = estimates.filter(({ status }) => status === 'refused').length
  const refusals = refused === 0 ? '' : `, ${refused} refused`
  const found = verdicts.map(({ outcome, verdict }) => `; ${outcome}: ${verdict.replaceAll('_', ' ')}`)
  const size = facts
    ? `${facts.units.toLocaleString('en')} units, ${facts.periods.length} periods`
    : 'no panel'
  return `${size}, ${estimates.length} estimates${refusals}${found.join('')}`
}
