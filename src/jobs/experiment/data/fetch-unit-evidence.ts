import type { ExperimentData, ExperimentSpec } from '../../../core/experiment-spec.ts'
import { makeProblem, ProblemError } from '../../../core/problem.ts'
import type { JobContext } from '../../job.ts'
import type { ExperimentCell } from '../cell.ts'
import { columnTypes } from './column-types.ts'
import type { Evidence } from './evidence.ts'
import { fetchCapBounds, fetchCells } from './fetch-cells.ts'
import { fetchUnitFacts } from './fetch-facts.ts'
import { fetchSinceExposure } from './fetch-since-exposure.ts'
import { needsRows } from './needs-rows.ts'
import { armsOf, outcomeVariables } from './outcome-variables.ts'
import { fetchTops } from './tops-query.ts'
import { fetchUnitRows } from './unit-rows.ts'
import { ownUnits } from './units-source.ts'

/** Fetches what is known of an experiment from a relation that holds one row per unit. */
export async function fetchUnitEvidence(
  spec: ExperimentSpec,
  data: Extract<ExperimentData, { kind: 'units' }>,
  context: Pick<JobContext, 'session' | 'relationOf' | 'job'>,
): Promise<Evidence> {
  const { session } = context
  const types = await columnTypes(spec, data, context)
  const units = ownUnits(spec, data, context.relationOf, types)
  const variables = outcomeVariables(spec)
  const bounds = await fetchCapBounds(session, units, variables)
  const cells = await fetchCells(session, units, variables, bounds)
  requireKnownArms(spec, cells, context)
  const asks = (...checks: readonly string[]): boolean =>
    spec.health.some(({ check }) => checks.includes(check))
  const rowCount = unitsIn(cells)
  const facts = asks('crossovers')
    ? await fetchUnitFacts(session, units)
    : { units: rowCount, crossovers: null, duplicates: null, exposedBefore: null }
  const tops = asks('outlier_influence', 'bot_like_units')
    ? await fetchTops(session, units, variables, bounds, rowCount)
    : []
  const rows = needsRows(spec) ? await fetchUnitRows(session, units, variables, bounds) : null
  const sinceExposure = await fetchSinceExposure(session, units, variables, bounds)
  return { cells, facts, tops, sinceExposure, rows }
}

function unitsIn(cells: readonly ExperimentCell[]): number {
  const outcome = cells[0]?.outcome
  return cells
    .filter((cell) => cell.outcome === outcome && cell.segmentName === null && cell.stratum === null)
    .reduce((sum, { units }) => sum + units, 0)
}

/** Throws when units carry arms that nobody declared: they would vanish without a word. */
export function requireKnownArms(
  spec: ExperimentSpec,
  cells: readonly ExperimentCell[],
  { job }: Pick<JobContext, 'job'>,
): void {
  const declared = armsOf(spec)
  const found = [...new Set(cells.map(({ arm }) => arm))]
  const unknown = found.filter((arm) => !declared.includes(arm))
  if (unknown.length === 0) return
  const message = `units carry arms that the experiment does not declare: ${unknown.join(', ')}`
  const hint = `declared: ${declared.join(', ')}; filter the units' model or add the arms to treatments`
  throw new ProblemError(makeProblem('job-failed', message, { place: job.place, hint }))
}
