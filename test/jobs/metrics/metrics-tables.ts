import type { MetricsExperiment, MetricsSpec } from '../../../src/core/metrics-spec.ts'
import type { Relation } from '../../../src/core/node.ts'
import { planMetrics, type UnusableColumns } from '../../../src/jobs/metrics/metrics-plan.ts'
import { refreshMetrics } from '../../../src/jobs/metrics/refresh-metrics.ts'
import type { PreviousRefresh } from '../../../src/jobs/metrics/units-sql.ts'
import { columnsOf, relationIdent, type Session, sql, unsafeSql } from '../../../src/warehouse/index.ts'
import type { SmallWorld } from './small-world.ts'

/*
 * A small world in the database, and the tables of a set of metrics over it, brought up to date step by step.
 */

const relation = (identifier: string): Relation => ({ schema: 'public', identifier })

/** Puts the rows of a world into the tables `days`, `events` and `exposures`. */
export async function loadWorld(session: Session, world: SmallWorld): Promise<void> {
  for (const [name, columns] of Object.entries(worldTables)) {
    await session.query(unsafeSql(`drop table if exists public.${name}`))
    await session.query(unsafeSql(`create table public.${name} (${columns})`))
    const rows = JSON.stringify(world[name as keyof SmallWorld], (_, value) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    )
    await session.query(sql`
      insert into ${relationIdent(relation(name))}
      select * from jsonb_populate_recordset(null::${relationIdent(relation(name))}, ${rows}::jsonb)`)
  }
}

const worldTables = {
  days: 'user_id int, day date, plays int, revenue float8, active boolean, kind text',
  events: 'user_id int, at timestamptz, name text, amount numeric',
  exposures:
    'experiment_id text, user_id int, variant text, exposed_at timestamptz, country text, device text',
}

/** The tables of a set of metrics, and the day up to which they are settled. */
export interface MetricsTables {
  readonly cells: Relation
  readonly units: Relation
  readonly groups: Relation
  readonly settledDay: number
}

export interface RefreshRequest {
  readonly spec: Pick<MetricsSpec, 'metrics' | 'lateDays' | 'asOf'>
  readonly experiments: readonly MetricsExperiment[]
  readonly unusable?: UnusableColumns
  readonly previous?: MetricsTables
}

/** Makes or refreshes the tables `<name>_cells`, `<name>_units` and `<name>_groups`. */
export async function refreshTables(
  session: Session,
  name: string,
  { spec, experiments, unusable, previous }: RefreshRequest,
): Promise<MetricsTables> {
  const plan = planMetrics({ ...spec, experiments }, unusable)
  const target = {
    cells: relation(`${name}_cells`),
    units: relation(`${name}_units`),
    groups: relation(`${name}_groups`),
  }
  const build = {
    cells: relation('build_cells'),
    units: relation('build_units'),
    groups: relation('build_groups'),
  }
  const before: PreviousRefresh | null = previous
    ? {
        units: previous.units,
        groups: previous.groups,
        settledDay: previous.settledDay,
        columns: new Set((await columnsOf(session, previous.units))!.map((column) => column.name)),
      }
    : null
  const sourceOf = async (ref: string) => {
    const columns = (await columnsOf(session, relation(ref)))!
    return {
      relation: relation(ref),
      types: new Map(columns.map((column) => [column.name, column.type])),
    }
  }
  const { firstDay, units } = await refreshMetrics(session, {
    plan,
    sources: await Promise.all(plan.sources.map(({ ref }) => sourceOf(ref))),
    exposures: new Map([['exposures', await sourceOf('exposures')]]),
    unitType: 'integer',
    previous: before,
    targets: build,
    workRelation: (part) => relation(`work_${part}`),
  })
  const run = (text: string) => session.query(unsafeSql(text))
  if (previous) {
    await run(`delete from ${target.cells.identifier} where day >= date '1970-01-01' + ${firstDay}`)
    await run(`insert into ${target.cells.identifier} select * from build_cells`)
    await run('drop table build_cells')
  }
  for (const part of ['cells', 'units', 'groups'] as const) {
    if (previous && (part === 'cells' || (part === 'units' && units === null))) continue
    await run(`drop table if exists ${target[part].identifier}`)
    await run(`alter table build_${part} rename to ${target[part].identifier}`)
  }
  const left = await session.query(sql`
    select relname from pg_catalog.pg_class where relname like 'work%' and relkind = 'r'`)
  if (left.rows.length > 0) throw new Error('tables that were only worked on are left behind')
  return { ...target, settledDay: plan.settles }
}
