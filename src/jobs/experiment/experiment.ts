import { closestNames } from '../../core/did-you-mean.ts'
import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentSpec } from '../../core/experiment-spec.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { columnsOf } from '../../warehouse/index.ts'
import { estimateColumns } from '../estimates-table.ts'
import type { JobContext, JobRunner } from '../job.ts'
import { rowsTable } from '../rows-table.ts'
import { estimateSegment, type Segment } from './estimate-segment.ts'
import { type ArmCell, type ColumnTypes, fetchMoments, outcomeColumn } from './moments-query.ts'
import { checkSampleRatio, sampleRatioHealth } from './sample-ratio.ts'
import { experimentColumns } from './table-columns.ts'

/**
 * Compares the arms of an experiment: for the whole population and each segment, every metric by every method.
 * When the arms' sizes are not those that were planned, all lifts are refused.
 */
export const runExperiment: JobRunner<ExperimentSpec> = async (spec, context) => {
  const units = context.relationOf(spec.data.ref)
  const types = await columnTypes(spec, context)
  const cells = await fetchMoments(context.session, spec, units, types)
  requireKnownArms(spec, cells, context)
  const { estimate: sampleRatio, mismatch } = checkSampleRatio(spec, cells, context)
  const estimates = [sampleRatio]
  for (const segment of segmentsOf(cells))
    estimates.push(...estimateSegment(spec, segment, mismatch, context))
  return {
    tables: [
      rowsTable('', estimateColumns, estimates),
      rowsTable('health', experimentColumns['health']!, [sampleRatioHealth(sampleRatio, mismatch, spec)]),
    ],
    summary: summarise(spec, cells, estimates),
  }
}

function segmentsOf(cells: readonly ArmCell[]): Segment[] {
  const segments = new Map<string, Segment & { readonly cells: Map<string, ArmCell> }>()
  for (const cell of cells) {
    const key = JSON.stringify([cell.segmentName, cell.segmentValue])
    const segment = segments.get(key) ?? {
      name: cell.segmentName,
      value: cell.segmentValue,
      cells: new Map(),
    }
    segment.cells.set(cell.arm, cell)
    segments.set(key, segment)
  }
  // The whole population first, then segments by name and value.
  return [...segments.values()].sort(
    (a, b) => compare(a.name ?? '', b.name ?? '') || compare(a.value ?? '', b.value ?? ''),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const numberTypes = /^(smallint|integer|bigint|numeric|real|double precision|boolean)/

/** The types of the columns that the spec names; throws when one is not there or is no number. */
async function columnTypes(
  spec: ExperimentSpec,
  { session, relationOf, job }: JobContext,
): Promise<ColumnTypes> {
  const relation = relationOf(spec.data.ref)
  const columns = (await columnsOf(session, relation)) ?? []
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  const problems = []
  const numbers = spec.outcomes.flatMap((outcome) => [outcomeColumn(outcome), ...outcome.covariates])
  for (const column of new Set([spec.data.unit, spec.data.arm, ...spec.segments, ...numbers])) {
    if (types.has(column)) continue
    const near = closestNames(column, types.keys())[0]
    const hint = near ? `did you mean '${near}'?` : `it has: ${[...types.keys()].join(', ')}`
    problems.push(
      makeProblem('job-failed', `'${spec.data.ref}' has no column '${column}'`, { place: job.place, hint }),
    )
  }
  for (const column of new Set(numbers)) {
    const type = types.get(column)
    if (type !== undefined && !numberTypes.test(type))
      problems.push(
        makeProblem(
          'job-failed',
          `column '${column}' of '${spec.data.ref}' is ${type}; a metric needs numbers or true/false`,
          {
            place: job.place,
          },
        ),
      )
  }
  if (problems.length > 0) throw new ProblemError(problems)
  return types
}

function requireKnownArms(spec: ExperimentSpec, cells: readonly ArmCell[], { job }: JobContext): void {
  const declared = [spec.control, ...spec.treatments]
  const found = [...new Set(cells.map(({ arm }) => arm))]
  const unknown = found.filter((arm) => !declared.includes(arm))
  if (unknown.length === 0) return
  throw new ProblemError(
    makeProblem(
      'job-failed',
      `units carry arms that the experiment does not declare: ${unknown.join(', ')}`,
      {
        place: job.place,
        hint: `declared: ${declared.join(', ')}; filter the units' model or add the arms to treatments`,
      },
    ),
  )
}

function summarise(spec: ExperimentSpec, cells: readonly ArmCell[], estimates: readonly Estimate[]): string {
  const units = cells
    .filter(({ segmentName }) => segmentName === null)
    .reduce((sum, cell) => sum + cell.units, 0)
  const refused = estimates.filter(({ status }) => status === 'refused').length
  const refusals = refused === 0 ? '' : `, ${refused} refused`
  return `${units.toLocaleString('en')} units, ${spec.outcomes.length} metrics, ${estimates.length} estimates${refusals}`
}
