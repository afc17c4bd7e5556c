import type { Relation } from '../../core/node.ts'
import { relationIdent, type Session, type SQLQuery, sql } from '../../warehouse/index.ts'
import { capsQuery, cellKeysQuery, cellsQuery, groupMomentsQuery } from './cells-sql.ts'
import { refuseCrossovers, refuseUnknownArms } from './exposure-faults.ts'
import {
  crossingsQuery,
  experimentRows,
  exposureReadings,
  firstExposuresQuery,
  groupsQuery,
  noExposures,
  seenQuery,
} from './exposures-sql.ts'
import { funnelBeforeQuery, funnelQuery } from './funnel-sql.ts'
import type { MetricsPlan } from './metrics-plan.ts'
import {
  covariateColumn,
  covariatesOf,
  covariatesQuery,
  daysOfHistory,
  measureColumn,
  runningQuery,
  type SourceRelation,
  singleDayQuery,
} from './running-sql.ts'
import { dayNumber, whole } from './source-sql.ts'
import { edgesQuery, isPlain, measuresOfSpan, partialDaysQuery } from './spans-sql.ts'
import {
  freshQuery,
  knownUnits,
  type PreviousRefresh,
  seenAgainQuery,
  unitsQuery,
  workQuery,
} from './units-sql.ts'
import { refuseUnusable } from './unusable-values.ts'
import { unitValues, variablesOf } from './values-sql.ts'
import { type WorkTables, withWorkTables } from './work-tables.ts'

/*
 * Brings the tables of a set of metrics up to date. Making them from nothing is the same with no day settled: all
 * exposures are new, and all days are read.
 *
 *   seen      exposures from the first day on that is not settled
 *   fresh     units whose first exposure is among them, with their covariates
 *   running   running totals of all units from that day on
 *   edges     what they were where spans begin and end
 *   moments   by group and day, all metrics side by side
 */

/** What a refresh reads and where it writes. */
export interface RefreshInput {
  readonly plan: MetricsPlan
  /** In the order of the plan's sources. */
  readonly sources: readonly SourceRelation[]
  /** By the name that experiments refer to. */
  readonly exposures: ReadonlyMap<string, SourceRelation>
  /** The type of units, as DDL states it. */
  readonly unitType: string
  readonly previous: PreviousRefresh | null
  /** Where tables go. */
  readonly targets: Readonly<Record<'cells' | 'units' | 'groups', Relation>>
  /** A relation of the run's own. */
  readonly workRelation: (name: string) => Relation
}

export interface RefreshOutcome {
  readonly cells: number
  /** Null where they are as they were, and no table of them was made. */
  readonly units: number | null
  readonly groups: number
  /** First day whose statistics were made; null for all. */
  readonly firstDay: number | null
  readonly newUnits: number
}

/** Makes the tables `cells` (from the first day on that was not settled), `units` and `groups`. */
export async function refreshMetrics(session: Session, input: RefreshInput): Promise<RefreshOutcome> {
  return session.transaction(async () => {
    // Hash tables of units are the larger part of the work; sorts of wide rows gain as well.
    await session.query(sql`set local work_mem = '64MB'`)
    await session.query(sql`set local hash_mem_multiplier = 8`)
    await session.query(sql`set local jit = off`)
    return withWorkTables(session, input.workRelation, (work) => new Refresh(session, input, work).run())
  })
}

/** Whether every experiment was over on the last settled day, with all that is measured of it after its end. */
function allOver({ experiments }: MetricsPlan, { settledDay }: PreviousRefresh): boolean {
  return experiments.every(({ lastDay }) => lastDay <= settledDay)
}

/** One refresh, with the relations that it has made. */
class Refresh {
  private readonly session: Session
  private readonly input: RefreshInput
  private readonly work: WorkTables

  constructor(session: Session, input: RefreshInput, work: WorkTables) {
    this.session = session
    this.input = input
    this.work = work
  }

  async run(): Promise<RefreshOutcome> {
    const { plan, previous, targets } = this.input
    const { relation: seen, rows: exposures } = await this.readExposures()
    await refuseUnknownArms(this.session, plan.experiments, seen)
    const groupRows = await this.work.makeKept(
      targets.groups,
      groupsQuery(seen, plan.experiments, previous?.groups ?? null, plan.settles),
    )
    const again = previous && (await this.work.make('again', seenAgainQuery(previous, seen)))
    const first = await this.findFirst(seen, again)
    const crossings = again && (await this.findCrossings(seen, again))
    // Made from nothing, running totals reach back far enough to give covariates as well.
    const history = previous ? [] : daysOfHistory(plan)
    const base = previous ? previous.settledDay : (first.firstDay ?? plan.until) - 1 - Math.max(0, ...history)
    const running = await this.addUp(first.relation, base)
    const fresh = await this.makeFresh(first, { running, base, history })
    const work = workQuery(plan, fresh, previous && { refresh: previous, crossings })
    const groups = this.groups()
    const joins = await this.findEdges({ work, groups, running, base })
    const stays = previous !== null && exposures === 0 && allOver(plan, previous)
    const units = stays ? null : await this.makeUnits({ work, groups, running, joins })
    const cells = await this.makeCells({ work, groups, running, base, joins, hasUnits: !stays })
    const { newUnits } = first
    return { cells, units, groups: groupRows, newUnits, firstDay: previous ? previous.settledDay + 1 : null }
  }

  /** Groups with the facts of their experiments. */
  private groups(): SQLQuery {
    const { plan, targets } = this.input
    return sql`(
      select g.group_id, g.arm, g.stratum, g.segments, e.*
      from ${relationIdent(targets.groups)} as g
      inner join ${experimentRows(plan.experiments)} on e.experiment = g.experiment)`
  }

  private async readExposures(): Promise<{ relation: Relation; rows: number }> {
    const { plan, exposures, unitType, previous } = this.input
    const times = { fromDay: previous ? previous.settledDay + 1 : null, asOf: plan.asOf }
    const queries = exposureReadings(plan.experiments).map((reading) => {
      const { relation, types } = exposures.get(reading.experiments[0]!.experiment.data.ref)!
      return sql`(${seenQuery(reading, relation, types, unitType, times)})`
    })
    return this.work.makeCounted(
      'seen',
      queries.length === 0 ? noExposures(unitType) : sql.join(queries, sql` union all `),
    )
  }

  /** Whether a single day is read, on top of what is settled. */
  private readsOneDay(base: number): boolean {
    return this.input.previous !== null && this.input.plan.until === base + 1
  }

  private async findFirst(
    seen: Relation,
    again: Relation | null,
  ): Promise<{ relation: Relation; newUnits: number; firstDay: number | null }> {
    const { plan } = this.input
    const known = again && relationIdent(again)
    const relation = await this.work.make('first', firstExposuresQuery(seen, plan.experiments, known))
    await this.work.analyze(relation)
    const { rows } = await this.session.query<{ units: number; day: number | null }>(
      sql`select count(*) as units, min(exposed_day) as day from ${relationIdent(relation)}`,
    )
    await refuseCrossovers(this.session, plan.experiments, relationIdent(relation))
    return { relation, newUnits: rows[0]!.units, firstDay: rows[0]!.day }
  }

  /** New units with what they came to before their exposure. */
  private async makeFresh(
    { relation: first, firstDay }: { readonly relation: Relation; readonly firstDay: number | null },
    { running, base, history }: { running: Relation; base: number; history: readonly number[] },
  ): Promise<Relation> {
    const { plan, targets } = this.input
    const before: (Relation | null)[] = []
    const funnels = new Map<number, Relation>()
    for (const [index, source] of this.input.sources.entries()) {
      const isKnown = history.length > 0 && plan.sources[index]!.day !== undefined
      const query = isKnown ? null : covariatesQuery(plan, index, source, first, firstDay ?? plan.until)
      const relation = query && (await this.work.make(`before_${index}`, query))
      before.push(relation)
      const sums = covariatesOf(plan)
        .filter(({ measure }) => plan.measures[measure]!.source === index)
        .map(({ measure, days }) => ({ measure, column: covariateColumn(measure, days) }))
      if (relation) await refuseUnusable(this.session, plan, { relation, sums, where: sql`` })
    }
    for (const [index, metric] of plan.metrics.entries()) {
      if (metric.definition.kind !== 'funnel' || !metric.variables[0]!.covariate) continue
      const source = this.sourceOf(index)
      const query = funnelBeforeQuery(plan, index, first, { source, first: firstDay ?? plan.until })
      funnels.set(index, await this.work.make(`funnel_before_${index}`, query))
    }
    const totals = this.readsOneDay(base) ? null : running
    const fresh = await this.work.make(
      'fresh',
      freshQuery(plan, { first, groups: targets.groups, before, funnels, running: totals, history }),
    )
    await this.work.analyze(fresh, ['unit', 'group_id', 'exposed_day'])
    return fresh
  }

  private sourceOf(metric: number): SourceRelation {
    const { plan, sources } = this.input
    const key = JSON.stringify(plan.metrics[metric]!.definition.from)
    return sources[plan.sources.findIndex((source) => JSON.stringify(source) === key)]!
  }

  private async findCrossings(seen: Relation, again: Relation): Promise<Relation | null> {
    const { plan } = this.input
    const { relation: crossings, rows: found } = await this.work.makeCounted(
      'crossings',
      crossingsQuery(seen, plan.experiments, relationIdent(again)),
    )
    if (found === 0) return null
    await this.work.analyze(crossings)
    await refuseCrossovers(
      this.session,
      plan.experiments,
      sql`(
        select g.experiment_number, c.crossed_day
        from ${relationIdent(crossings)} as c
        inner join ${this.groups()} as g on g.group_id = c.group_id)`,
    )
    return crossings
  }

  /** Running totals of all units whose experiments go on. */
  private async addUp(first: Relation, base: number): Promise<Relation> {
    const { plan, sources } = this.input
    const running = this.readsOneDay(base)
      ? await this.work.make('running', singleDayQuery(plan, sources))
      : await this.work.make(
          'running',
          runningQuery(plan, sources, relationIdent(await this.findUnits(first, base)), base),
        )
    await this.work.analyze(running, ['unit', 'day'])
    const last = plan.measures.map((_, measure) => ({ measure, column: measureColumn(measure) }))
    await refuseUnusable(this.session, plan, {
      relation: running,
      sums: last,
      where: sql`where day = ${whole(plan.until)}`,
    })
    return running
  }

  /** Each unit whose experiments go on, once. */
  private async findUnits(first: Relation, base: number): Promise<Relation> {
    const { previous } = this.input
    const known = previous
      ? sql`
        union
        select k.unit from ${knownUnits(previous)} as k
        inner join ${this.groups()} as g on g.group_id = k.group_id
        where g.last_day > ${whole(base)}`
      : sql``
    const units = await this.work.make(
      'unit',
      sql`select distinct unit from ${relationIdent(first)} ${known}`,
    )
    await this.work.analyze(units)
    return units
  }

  /** Joins to the totals where spans begin and end, and to what units reached of funnels. */
  private async findEdges(parts: {
    work: SQLQuery
    groups: SQLQuery
    running: Relation
    base: number
  }): Promise<SQLQuery> {
    const { plan, sources } = this.input
    const joins: SQLQuery[] = []
    const join = (relation: Relation, alias: string): void => {
      const name = sql.ident(alias)
      joins.push(
        sql`left join ${relationIdent(relation)} as ${name} on ${name}.group_id = w.group_id and ${name}.unit = w.unit`,
      )
    }
    for (const [index, span] of plan.spans.entries()) {
      if (isPlain(plan, span) || measuresOfSpan(plan, index).length === 0) continue
      const partials: Record<'base' | 'close', Relation | null> = { base: null, close: null }
      for (const edge of ['base', 'close'] as const) {
        const query = partialDaysQuery(plan, index, edge, { ...parts, sources })
        if (query) partials[edge] = await this.work.make(`partial_${edge}_${index}`, query)
      }
      const edges = await this.work.make(`edges_${index}`, edgesQuery(plan, index, { ...parts, partials }))
      await this.work.analyze(edges, ['unit', 'group_id'])
      join(edges, `p${index}`)
    }
    for (const [index, { definition }] of plan.metrics.entries()) {
      if (definition.kind !== 'funnel') continue
      const source = this.sourceOf(index)
      const query = funnelQuery(plan, index, parts.work, {
        source,
        groups: parts.groups,
        first: parts.base + 1,
      })
      const funnel = await this.work.make(`funnel_${index}`, query)
      await this.work.analyze(funnel, ['unit', 'group_id'])
      join(funnel, `f${index}`)
    }
    return sql.join(joins, sql`\n    `)
  }

  private async makeCells(parts: {
    work: SQLQuery
    groups: SQLQuery
    running: Relation
    base: number
    joins: SQLQuery
    hasUnits: boolean
  }): Promise<number> {
    const { plan, targets } = this.input
    const { work, groups, running, base, joins, hasUnits } = parts
    const counted = sql`(w.crossed_day is null or not g.excludes or ${this.dayOf(base)} < w.crossed_day)`
    const day = this.dayOf(base)
    const from = this.readsOneDay(base)
      ? sql`
      from ${work} as w
      inner join ${groups} as g on g.group_id = w.group_id and ${day} <= g.last_day and ${counted}
      left join ${relationIdent(running)} as r on r.unit = w.unit
      ${joins}`
      : sql`
      from ${relationIdent(running)} as r
      inner join ${work} as w on w.unit = r.unit and r.day >= w.exposed_day
      inner join ${groups} as g on g.group_id = w.group_id and r.day <= g.last_day and ${counted}
      ${joins}`
    const fromDay = sql`where ${day} > ${whole(base)}`
    const capped = capsQuery(plan, { from: sql`${from} ${fromDay}`, day })
    const caps = capped && (await this.work.make('caps', capped))
    const capJoin = caps
      ? sql`left join ${relationIdent(caps)} as k on k.experiment_number = g.experiment_number and k.day = ${day}`
      : sql``
    const moments = await this.work.make(
      'moments',
      hasUnits && this.readsOneDay(base) && !caps
        ? groupMomentsQuery(plan, { from: this.unitsOfLastDay(), day }, unitValues)
        : groupMomentsQuery(plan, { from: sql`${from} ${capJoin} ${fromDay}`, day }),
    )
    const keys = await this.work.make('keys', cellKeysQuery(groups))
    await this.work.analyze(keys)
    return this.work.makeKept(targets.cells, cellsQuery(plan, moments, keys))
  }

  /** Where a single day is read, the units' table has all values as they are at its end. */
  private unitsOfLastDay(): SQLQuery {
    const { plan, targets } = this.input
    const values = variablesOf(plan).flatMap(({ variable }) => [
      sql`u.${sql.ident(variable.column)}`,
      ...(variable.covariate ? [sql`u.${sql.ident(variable.covariate.column)}`] : []),
    ])
    const list = values.length === 0 ? sql`` : sql`, ${sql.join(values, sql`, `)}`
    return sql`
      from (
        select u.group_id, u.counted, u.exposed_at, ${dayNumber(sql`u.exposed_day`)} as exposed_day${list}
        from ${relationIdent(targets.units)} as u) as w
      inner join ${this.groups()} as g on g.group_id = w.group_id and g.last_day >= ${whole(plan.until)}
      where w.counted`
  }

  private dayOf(base: number): SQLQuery {
    return this.readsOneDay(base) ? whole(this.input.plan.until) : sql`r.day`
  }

  private async makeUnits(parts: {
    work: SQLQuery
    groups: SQLQuery
    running: Relation
    joins: SQLQuery
  }): Promise<number> {
    const { plan, targets } = this.input
    const { work, groups, running, joins } = parts
    const at = (alias: SQLQuery, day: number): SQLQuery => sql`
      left join ${relationIdent(running)} as ${alias} on ${alias}.unit = w.unit and ${alias}.day = least(${whole(day)}, g.last_day)`
    return this.work.makeKept(
      targets.units,
      unitsQuery(
        plan,
        sql`
      from ${work} as w
      inner join ${groups} as g on g.group_id = w.group_id
      ${at(sql`r`, plan.until)}
      ${plan.settles === plan.until ? sql`` : at(sql`q`, plan.settles)}
      ${joins}`,
      ),
    )
  }
}
