import { availableParallelism } from 'node:os'
import type { ExperimentSpec } from '../../core/experiment-spec.ts'
import type { MemoRow } from '../../core/experiment-tables.ts'
import { jobTables } from '../../core/job-tables.ts'
import type { JobRunner, JobTable } from '../job.ts'
import { rowsTable } from '../rows-table.ts'
import { analyseExperiment, type ExperimentTables } from './analyse-experiment.ts'
import { clusteredSpec } from './clustered-spec.ts'
import { indexCells } from './data/cell-index.ts'
import type { Evidence } from './data/evidence.ts'
import { fetchKeptEvidence } from './data/fetch-kept-evidence.ts'
import { fetchUnitEvidence } from './data/fetch-unit-evidence.ts'
import { resampleScopes } from './data/scope-rows.ts'
import { makeMemo } from './memo/make-memo.ts'
import { methodRegistry } from './methods/registry.ts'
import { experimentColumns } from './table-columns.ts'

/**
 * Compares the arms of an experiment: fetches what is known of it and writes what it comes to. When a critical check
 * of its health fails, the lifts that it concerns are refused.
 */
export const runExperiment: JobRunner<ExperimentSpec> = async (declared, context) => {
  const spec = clusteredSpec(declared)
  const { job, runId } = context
  const { data } = spec
  const fetched =
    data.kind === 'units'
      ? await fetchUnitEvidence(spec, data, context)
      : await fetchKeptEvidence(spec, data, context)
  const evidence = await withReplicates(spec, fetched)
  const tables = analyseExperiment(spec, evidence, { job: job.name, runId, asOf: spec.asOf })
  const memo = await makeMemo({ name: job.name, spec, ...tables }, runId)
  return { tables: tablesOf(spec, tables, memo), summary: summarise(spec, evidence, tables) }
}

/** Resamples on all cores before anything is estimated; estimating itself waits for nothing. */
async function withReplicates(spec: ExperimentSpec, evidence: Evidence): Promise<Evidence> {
  const { rows, cells } = evidence
  if (!rows || !spec.methods.some((method) => methodRegistry[method].needs === 'replicates')) return evidence
  const { scopes } = indexCells(cells)
  return { ...evidence, replicates: await resampleScopes(spec, rows, scopes, availableParallelism()) }
}

/** The tables that the spec declares, with their rows. */
function tablesOf(spec: ExperimentSpec, tables: ExperimentTables, memo: readonly MemoRow[]): JobTable[] {
  const rows: Readonly<Record<string, readonly object[]>> = {
    '': tables.estimates,
    health: tables.health,
    days: tables.days,
    decision: tables.decisions.map((row) => ({ ...row, evaluated: row.evaluated.map(snakeCased) })),
    weights: tables.weights,
    memo,
  }
  return jobTables(spec).flatMap(({ suffix }) => {
    const own = rows[suffix]
    return own ? [rowsTable(suffix, experimentColumns[suffix]!, own)] : []
  })
}

/** Keys of what stands in a jsonb column, as those of the other columns. */
function snakeCased(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}

function summarise(
  spec: ExperimentSpec,
  { facts }: Evidence,
  { estimates, health, decisions }: ExperimentTables,
): string {
  const refused = estimates.filter(({ status }) => status === 'refused').length
  const refusals = refused === 0 ? '' : `, ${refused} refused`
  const failed = health.filter(({ verdict }) => verdict === 'fail').length
  const failures = failed === 0 ? '' : `, ${failed} failed checks`
  const decided = decisions
    .filter(({ segmentName }) => segmentName === null)
    .map(({ treatment, decision }) => `; ${treatment}: ${decision.replace('_', ' ')}`)
  const units = facts.units.toLocaleString('en')
  return `${units} units, ${spec.outcomes.length} metrics, ${estimates.length} estimates${refusals}${failures}${decided.join('')}`
}
