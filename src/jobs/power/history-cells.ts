import { randomUUID } from 'node:crypto'
import type { MetricDefinition, MetricsSpec } from '../../core/metrics-spec.ts'
import type { Relation } from '../../core/node.ts'
import { columnsOf, createTableAs, relationIdent, type Session, sql } from '../../warehouse/index.ts'
import type { ExperimentCell } from '../experiment/cell.ts'
import { dayUntil, isoDay } from '../metrics/day-number.ts'
import { planMetrics } from '../metrics/metrics-plan.ts'
import { readCells } from '../metrics/read-cells.ts'
import { refreshMetrics } from '../metrics/refresh-metrics.ts'
import type { SourceRelation } from '../metrics/running-sql.ts'

/*
 * An experiment that never was: the units that were active in the last days, exposed when they were first seen in them.
 * It is measured as a real one is, in a schema of its own that goes away at once.
 */

export interface HistoryRequest {
  readonly spec: MetricsSpec
  /** The set's name. */
  readonly set: string
  /** Metrics of the set, all of one source. */
  readonly metrics: readonly MetricDefinition[]
  readonly relationOf: (ref: string) => Relation
  /** Days before as_of. */
  readonly days: number
  readonly asOf: string
}

const virtual = 'history'

/** The state of the metrics at the end of each of the last days. */
export async function fetchHistoryCells(
  session: Session,
  request: HistoryRequest,
): Promise<ExperimentCell[]> {
  const { spec, set, metrics, relationOf, days, asOf } = request
  const [{ from }] = metrics as [MetricDefinition]
  const schema = `estimand_power_${randomUUID().replaceAll('-', '')}`
  const source = relationOf(from.ref)
  const types = new Map(((await columnsOf(session, source)) ?? []).map(({ name, type }) => [name, type]))
  const until = dayUntil(asOf) + 1
  const [start, end] = [isoDay(until - days), isoDay(until)]
  const exposures: Relation = { schema, identifier: 'exposures' }
  const named = (identifier: string): Relation => ({ schema, identifier })
  await session.query(sql`create schema ${sql.ident(schema)}`)
  try {
    const at = from.day === undefined ? sql.ident(from.time!) : sql.ident(from.day)
    const instant = from.day === undefined ? sql`${at}` : sql`${at}::timestamp at time zone 'UTC'`
    await session.query(
      createTableAs(
        exposures,
        sql`
          select ${sql.ident(from.unit)} as unit, ${virtual}::text as arm, min(${instant}) as exposed_at
          from ${relationIdent(source)}
          where ${instant} >= ${start}::timestamp at time zone 'UTC' and ${instant} < ${end}::timestamp at time zone 'UTC'
          group by 1`,
      ),
    )
    const unitType = types.get(from.unit)!
    const exposed: SourceRelation = {
      relation: exposures,
      types: new Map([
        ['unit', unitType],
        ['arm', 'text'],
        ['exposed_at', 'timestamp with time zone'],
      ]),
    }
    const plan = planMetrics({
      metrics,
      lateDays: spec.lateDays,
      asOf,
      experiments: [
        {
          name: virtual,
          data: {
            ...{ kind: 'exposures', ref: virtual, unit: 'unit', arm: 'arm', time: 'exposed_at', start, end },
            ...{ crossovers: 'exclude', exposureDay: 'include' },
          },
          ...{ arms: [virtual], segments: [], strata: [], metrics: metrics.map(({ name }) => name) },
        },
      ],
    })
    const targets = { cells: named('cells'), units: named('units'), groups: named('groups') }
    await refreshMetrics(session, {
      plan,
      sources: plan.sources.map(() => ({ relation: source, types })),
      exposures: new Map([[virtual, exposed]]),
      unitType,
      previous: null,
      targets,
      workRelation: named,
    })
    const outcomes = metrics.map(({ name, kind }) => ({
      name,
      source: { from: 'metrics', set, metric: name, kind } as const,
    }))
    return await readCells(session, targets.cells, { experiment: virtual, set, outcomes })
  } finally {
    await session.query(sql`drop schema ${sql.ident(schema)} cascade`)
  }
}
