import type { Panel } from '../../../stats/causal/panel/panel.ts'
import type { PanelSums } from '../../../stats/causal/panel/panel-moments.ts'
import { type SQLQuery, sql, sqlLiteral } from '../../../warehouse/index.ts'
import {
  type BinaryColumnKind,
  type FloatColumn,
  type KeyColumn,
  readBinaryRows,
  type TextColumn,
} from '../../experiment/data/binary-rows.ts'
import type { JobContext } from '../../job.ts'
import type { DidFacts } from '../did-data.ts'
import { y } from './fetch-panel-moments.ts'

/** The units of a panel one by one, in the order of their keys. */
export interface PanelUnits {
  readonly keys: readonly string[]
  readonly sums: PanelSums
  /** Of balanced panels. */
  readonly panel: Panel | null
}

/** Fetches what each unit comes to period by period as one binary stream. */
export async function fetchPanelSums(
  session: JobContext['session'],
  facts: DidFacts,
  rows: SQLQuery,
  outcome: number,
  covariates: number,
): Promise<PanelUnits> {
  const periods = facts.periods.map(({ period }) => period)
  const places = periods.map((_, index) => index + 1)
  const at = (value: SQLQuery, place: number): SQLQuery =>
    sql`coalesce(sum(${value}) filter (where place = ${sqlLiteral(String(place))}::int), 0)`
  const columns = [
    ...(facts.isBalanced ? [] : places.map((place) => at(sql`w`, place))),
    ...places.map((place) => at(sql`w * ${y(outcome)}`, place)),
    ...Array.from(
      { length: covariates },
      (_, index) => sql`min(${sql.ident(`x${index}`)}) filter (where place = 1)`,
    ),
  ]
  const query = sql`
    select unit, coalesce(min(cluster), ''), min(began), ${sql.join(columns, sql`, `)}
    from ${rows} as row
    group by unit
    order by unit`
  const kinds: BinaryColumnKind[] = ['key', 'text', 'float8', ...columns.map(() => 'float8' as const)]
  const { n, columns: read } = await readBinaryRows(session.copyOut(query, 'binary'), kinds)
  const [{ keys }, cluster, began, ...numbers] = read as [
    KeyColumn,
    TextColumn,
    FloatColumn,
    ...FloatColumn[],
  ]
  const width = periods.length
  const wide = (from: number): Float64Array => {
    const values = new Float64Array(n * width)
    for (let time = 0; time < width; time++)
      for (let unit = 0; unit < n; unit++) values[unit * width + time] = numbers[from + time]!.values[unit]!
    return values
  }
  const weights = facts.isBalanced ? new Float64Array(n * width).fill(1) : wide(0)
  const sums = wide(facts.isBalanced ? 0 : width)
  return {
    keys,
    sums: {
      ...{ periods, firstTreated: began.values, weights, sums },
      ...{ rows: facts.rows, isBalanced: facts.isBalanced },
      ...(facts.clusters !== null && { clusters: cluster.codes }),
    },
    panel: facts.isBalanced
      ? {
          ...{ units: n, periods, outcome: sums, firstTreated: began.values },
          covariates: numbers.slice(numbers.length - covariates).map(({ values }) => values),
        }
      : null,
  }
}
