import { availableParallelism } from 'node:os'
import { graphOf } from '../../core/causal-graph/plan-identification.ts'
import type { CausalSpec } from '../../core/causal-spec.ts'
import type { MemoRow } from '../../core/experiment-tables.ts'
import { jobTables } from '../../core/job-tables.ts'
import type { JobContext, JobRunner, JobTable } from '../job.ts'
import { rowsTable } from '../rows-table.ts'
import { analyseCausal, type CausalTables } from './analyse-causal.ts'
import type { CausalData } from './causal-data.ts'
import { causalSource } from './data/causal-source.ts'
import { causalColumns as columnsOfUnits } from './data/causal-variables.ts'
import { fetchCausalData } from './data/fetch-causal-data.ts'
import { makeCausalMemo } from './memo/make-causal-memo.ts'
import { causalColumns } from './table-columns.ts'
import { type UnitColumn, writeUnitTable } from './unit-tables.ts'

/** Answers a causal question: what the graph allows, what the data say, and how far to believe it. */
export const runCausal: JobRunner<CausalSpec> = async (spec, context) => {
  const { job, runId, relationOf } = context
  const graph = graphOf(spec)
  const columns = await columnsOfUnits(spec, graph, context)
  const source = causalSource(spec, relationOf(spec.data.ref), columns)
  const data = await fetchCausalData(spec, graph, columns, source, context)
  const tables = await analyseCausal(
    spec,
    data,
    { job: job.name, runId, asOf: spec.asOf },
    availableParallelism(),
  )
  const memo = await makeCausalMemo({ name: job.name, spec, facts: data.facts, ...tables }, runId)
  const keyType = columns.types.get(spec.data.unit)!
  return {
    tables: [...rowTables(spec, tables, memo), ...(await unitTables(spec, data, tables, keyType, context))],
    summary: summarise(data, tables),
  }
}

/** The tables that the spec declares, with their rows. */
function rowTables(spec: CausalSpec, tables: CausalTables, memo: readonly MemoRow[]): JobTable[] {
  const rows: Readonly<Record<string, readonly object[]>> = {
    '': tables.estimates,
    identification: tables.identification,
    balance: tables.balance,
    overlap: tables.overlap,
    refutations: tables.refutations,
    verdict: tables.verdicts,
    memo,
  }
  return jobTables(spec).flatMap(({ suffix }) => {
    const own = rows[suffix]
    return own ? [rowsTable(suffix, causalColumns[suffix]!, own)] : []
  })
}

/** The tables of units, of those that the spec declares. */
async function unitTables(
  spec: CausalSpec,
  { rows }: CausalData,
  { outcomes }: CausalTables,
  keyType: string,
  { session, buildOf }: Pick<JobContext, 'session' | 'buildOf'>,
): Promise<JobTable[]> {
  const declared = jobTables(spec).map(({ suffix }) => suffix)
  const written: JobTable[] = []
  if (declared.includes('weights')) {
    const size = rows?.n ?? 0
    const used = outcomes.flatMap(({ outcome, population, weights }) =>
      population ? [{ outcome, population, weights }] : [],
    )
    const columns: UnitColumn[] = [
      { name: 'outcome', type: 'text', at: (row) => used[Math.floor(row / size)]!.outcome },
      { name: 'unit', type: keyType, at: (row) => rows!.keys[row % size]! },
      { name: 'treated', type: 'boolean', at: (row) => rows!.treatment[row % size] === 1 },
      {
        name: 'propensity',
        type: 'double precision',
        at: (row) => used[Math.floor(row / size)]!.population.propensity.probabilities[row % size]!,
      },
      ...weightNames(spec).map(
        ({ name, method, estimand }): UnitColumn => ({
          name,
          type: 'double precision',
          at: (row) =>
            used[Math.floor(row / size)]!.weights.find(
              (one) => one.method === method && one.estimand === estimand,
            )?.weights[row % size] ?? null,
        }),
      ),
    ]
    written.push(await writeUnitTable(session, buildOf('weights'), 'weights', size * used.length, columns))
  }
  if (declared.includes('matches')) {
    // Who is matched with whom hangs on covariates only, but these may differ between outcomes.
    const pairs = outcomes.flatMap(({ outcome, matchings }) =>
      matchings.flatMap(({ method, estimand, matching }) =>
        Array.from(matching.treated, (chooser, index) => ({
          outcome,
          method,
          estimand,
          chooser,
          chosen: matching.control[index]!,
          distance: matching.distance[index]!,
        })),
      ),
    )
    const columns: UnitColumn[] = [
      { name: 'outcome', type: 'text', at: (row) => pairs[row]!.outcome },
      { name: 'method', type: 'text', at: (row) => pairs[row]!.method },
      { name: 'estimand', type: 'text', at: (row) => pairs[row]!.estimand },
      { name: 'unit', type: keyType, at: (row) => rows!.keys[pairs[row]!.chooser]! },
      { name: 'match', type: keyType, at: (row) => rows!.keys[pairs[row]!.chosen]! },
      { name: 'distance', type: 'double precision', at: (row) => pairs[row]!.distance },
    ]
    written.push(await writeUnitTable(session, buildOf('matches'), 'matches', pairs.length, columns))
  }
  return written
}

/** One column for each method that weights and each target. */
function weightNames(spec: CausalSpec): { name: string; method: string; estimand: string }[] {
  return spec.estimators.flatMap(({ method, name }) => {
    if (
      !['ipw', 'overlap_weighting', 'entropy_balancing', 'propensity_matching', 'stratification'].includes(
        method,
      )
    )
      return []
    const estimands = method === 'overlap_weighting' ? ['ato'] : spec.estimands
    return estimands.map((estimand) => ({ name: `${name}_${estimand}`, method: name, estimand }))
  })
}

function summarise({ facts }: CausalData, { estimates, verdicts }: CausalTables): string {
  const refused = estimates.filter(({ status }) => status === 'refused').length
  const refusals = refused === 0 ? '' : `, ${refused} refused`
  const units = (facts.treated + facts.control).toLocaleString('en')
  const found = verdicts.map(({ outcome, verdict }) => `; ${outcome}: ${verdict.replaceAll('_', ' ')}`)
  return `${units} units, ${estimates.length} estimates${refusals}${found.join('')}`
}
