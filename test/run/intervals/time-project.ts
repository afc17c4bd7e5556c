import type { BuiltInterval, PlannedIntervals } from '../../../src/core/intervals.ts'
import { type SQLQuery, sql, unsafeSql } from '../../../src/warehouse/index.ts'
import { type Files, withProject } from '../../project/temp-project.ts'
import { projectFile } from '../project-files.ts'
import {
  type ProjectRun,
  type ProjectRunOptions,
  runProject,
  type useProjectDatabase,
} from '../run-project.ts'

/*
 * Small projects whose models are built by time, from a table of events of January 2026, and what their ledgers say.
 */

type Database = ReturnType<typeof useProjectDatabase>

const sources = `
sources: [{ name: shop, schema: shop, tables: [{ name: events, config: { event_time: at } }] }]
`

/** A model by strategy microbatch: a row for each key, the newest one. */
export function microbatch(config = '', columns = 'id, v, at'): string {
  return `{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='id', event_time='at',
  begin='2026-01-01', batch_size='day'${config && `, ${config}`}) }}
select ${columns} from {{ source('shop', 'events') }}`
}

/** A model by strategy time_range: a row for each day and value. */
export function timeRange(config = ''): string {
  return `{{ config(materialized='incremental', incremental_strategy='time_range', event_time='day',
  begin='2026-01-01', time_grain='day'${config && `, ${config}`}) }}
select (at at time zone 'UTC')::date as day, v, count(*)::int as n from {{ source('shop', 'events') }} group by 1, 2`
}

/** `day(3)` is the third of January 2026; `day(3.5)` its noon. */
export function day(number: number): Date {
  return new Date(Date.UTC(2026, 0, 1) + Math.round((number - 1) * 86_400_000))
}

export interface TimeProject {
  readonly sources: string
  /** Runs the models at a time. */
  readonly run: (models: Files, now: Date, options?: ProjectRunOptions) => Promise<ProjectRun>
  readonly change: (...statements: SQLQuery[]) => Promise<void>
  /** Fills the source anew. */
  readonly fill: (...values: readonly string[]) => Promise<void>
  readonly rows: (relation: string) => Promise<Record<string, unknown>[]>
  /** The ledger of a table of the schema analytics, as `from..to version`, versions numbered as they come. */
  readonly ledger: (relation: string) => Promise<string[]>
}

export function timeProject(database: Database): TimeProject {
  return {
    sources,
    run: (models, now, options = {}) =>
      withProject({ 'project.yml': projectFile, 'models/sources.yml': sources, ...models }, (root) =>
        runProject(root, database.connection, {
          env: { DATABASE_URL: database.url },
          clock: () => now,
          ...options,
        }),
      ),
    change: async (...statements) => {
      for (const statement of statements) await database.rows(statement)
    },
    fill: async (...values) => {
      await database.rows(sql`drop schema if exists shop cascade`)
      await database.rows(sql`drop schema if exists analytics cascade`)
      await database.rows(sql`create schema shop`)
      await database.rows(sql`create table shop.events (id int, v text, at timestamptz)`)
      if (values.length > 0)
        await database.rows(sql`insert into shop.events values ${unsafeSql(values.join(', '))}`)
    },
    rows: (relation) =>
      database.rows(sql`select * from ${sql.ident('analytics', relation)} as row order by row::text`),
    ledger: async (relation) => {
      const rows = (await database.rows(sql`
        select from_time, to_time, fingerprint from estimand.intervals
        where schema_name = 'analytics' and relation_name = ${relation} order by from_time`)) as unknown as {
        from_time: Date
        to_time: Date
        fingerprint: string | null
      }[]
      const versions: string[] = []
      return rows.map(({ from_time: from, to_time: to, fingerprint }) => {
        if (fingerprint !== null && !versions.includes(fingerprint)) versions.push(fingerprint)
        return `${shown(from)}..${shown(to)} ${fingerprint === null ? 'unknown' : `v${versions.indexOf(fingerprint) + 1}`}`
      })
    },
  }
}

/** What a run had planned for a model's times. */
export function plannedTimes({ events }: ProjectRun, name: string): PlannedIntervals {
  for (const event of events) {
    if (event.type !== 'run_started') continue
    const step = event.plan.steps.find(({ nodeId }) => event.nodeNames[nodeId] === name)
    if (step?.intervals) return step.intervals
  }
  throw new Error(`no times were planned for ${name}`)
}

/** `01-03..01-05T12`, for intervals of January 2026. */
export function shownTimes(intervals: readonly Pick<BuiltInterval, 'from' | 'to'>[]): string[] {
  return intervals.map(({ from, to }) => `${shown(from)}..${shown(to)}`)
}

function shown(time: Date | string): string {
  return new Date(time).toISOString().slice(5, 13).replace(/T00$/, '')
}
