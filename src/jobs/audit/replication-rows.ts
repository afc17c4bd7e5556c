import { hashKey } from '../../stats/index.ts'
import type { TextColumn } from '../experiment/data/binary-rows.ts'
import type { UnitRows } from '../experiment/data/unit-rows.ts'
import type { Replication } from './draw-replication.ts'
import type { Population } from './population.ts'

/** The units of a replication one by one, as those of an experiment are fetched. */
export function replicationRows(
  { outcomes }: Pick<Population, 'outcomes'>,
  { n, arms, armNames, values, cluster, segments }: Replication,
): UnitRows {
  const armColumn: TextColumn = { kind: 'text', codes: arms, texts: armNames }
  return {
    n,
    arms: armColumn,
    // A unit that was drawn twice is two units.
    keys: Float64Array.from({ length: n }, (_, unit) => hashKey(unit, 0)),
    variables: new Map(outcomes.map(({ name }, index) => [name, values[index]!])),
    covariates: outcomes.flatMap(({ kind }, index) => values[index]!.slice(kind === 'ratio' ? 2 : 1)),
    segments: segments ?? new Map(),
    cluster: cluster ?? null,
    days: null,
  }
}
