import type { DriftSpec } from '../../core/drift-spec.ts'
import type { DriftFindingRow } from '../../core/drift-tables.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { JobContext, JobRunner } from '../job.ts'
import { rowsTable } from '../rows-table.ts'
import { analyseDrift, type DriftTables } from './analyse-drift.ts'
import { driftSource } from './data/drift-source.ts'
import { fetchCells } from './data/fetch-cells.ts'
import { fetchDays } from './data/fetch-days.ts'
import { watchedColumns } from './data/watched-columns.ts'
import { driftPeriods } from './drift-periods.ts'
import { findingWords } from './drift-words.ts'
import { makeDriftMemo } from './make-drift-memo.ts'
import { driftColumns } from './table-columns.ts'

/** Looks whether the columns of a relation still are what they were. */
export const runDrift: JobRunner<DriftSpec> = async (spec, context) => {
  const { job, runId, session, relationOf } = context
  const watched = await watchedColumns(spec, context)
  const source = driftSource(spec, relationOf(spec.data.ref), watched)
  const periods = driftPeriods(spec)
  const cells = await fetchCells(session, source, watched.columns, periods)
  const series = await fetchDays(session, source, spec, watched.columns, cells, periods)
  const data = { columns: watched.columns, cells, periods, series }
  const tables = analyseDrift(spec, data, { job: job.name, runId, asOf: spec.asOf })
  const failed = tables.findings.filter(({ verdict }) => verdict === 'fail')
  if (spec.onFail === 'error' && failed.length > 0) throw driftedTooFar(context, failed)
  const memo = await makeDriftMemo(job.name, spec, tables, runId)
  return {
    tables: [
      rowsTable('', driftColumns['']!, tables.findings),
      rowsTable('distributions', driftColumns['distributions']!, tables.distributions),
      rowsTable('days', driftColumns['days']!, tables.days),
      rowsTable('changes', driftColumns['changes']!, tables.changes),
      rowsTable('memo', driftColumns['memo']!, memo),
    ],
    summary: summarise(tables),
  }
}

function driftedTooFar({ job }: JobContext, failed: readonly DriftFindingRow[]): ProblemError {
  const told = failed.slice(0, 5).map(findingWords)
  const more = failed.length > told.length ? `; and ${failed.length - told.length} more` : ''
  return new ProblemError(
    makeProblem('drift-found', `${told.join('; ')}${more}`, {
      place: job.place,
      hint: 'on_fail: warn publishes what was found and lets the run go on',
    }),
  )
}

function summarise({ findings, changes }: DriftTables): string {
  const count = (verdict: string): number => findings.filter((row) => row.verdict === verdict).length
  const changed = changes.filter(({ verdict }) => verdict === 'change').length
  const counts = (['fail', 'warn', 'ok', 'refused'] as const)
    .filter((verdict) => verdict === 'ok' || count(verdict) > 0)
    .map((verdict) => `${count(verdict)} ${verdict}`)
  return `${counts.join(', ')}; ${changed === 0 ? 'no change' : changed === 1 ? '1 change' : `${changed} changes`} over time`
}
