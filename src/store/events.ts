import { type EventLevel, type EventName, isTold } from '../core/events/event-names.ts'
import type { EventRecord } from '../core/events/event-schema.ts'
import { type Session, sql } from '../warehouse/index.ts'

/*
 * What happened in a command, for whoever asks later: its course, and what went wrong. How each node ended stands in
 * node_runs already, so of nodes only what is worth a warning is kept.
 */

const course: ReadonlySet<EventName> = new Set([
  'RunStarted',
  'RunFinished',
  'WaitingForLease',
  'NodeRetried',
  'PublishStarted',
  'PublishFinished',
  'StatsLine',
  'BackfillProgress',
  'StreamProgress',
])

/** Said once more at the end for people; the result itself is kept. */
const repeated: ReadonlySet<EventName> = new Set([
  'RunResultFailure',
  'RunResultError',
  'RunResultWarning',
  'RunResultWarningMessage',
])

/** Whether a later reader of the store wants to know of an event. */
export function isKept({ info: { name, level } }: EventRecord): boolean {
  return course.has(name) || (isTold(level as EventLevel, 'warn') && !repeated.has(name))
}

const rowsOfStatement = 200
const mostCharacters = 4000
const keptDays = 90

/** Writes events of a command, of which the first is the `first` of all, counted from 0. */
export async function recordEvents(
  session: Pick<Session, 'query'>,
  records: readonly EventRecord[],
  first = 0,
): Promise<void> {
  for (let from = 0; from < records.length; from += rowsOfStatement) {
    const rows = records
      .slice(from, from + rowsOfStatement)
      .map(({ version, node_id, info, data }, index) => ({
        ...{ invocation_id: info.invocation_id, position: first + from + index, version, name: info.name },
        ...{ level: info.level, at: info.ts, node_id: node_id ?? null, message: cut(info.msg) },
        data: boundedData(data),
      }))
    await session.query(sql`
      insert into estimand.events (invocation_id, position, version, name, level, at, node_id, message, data)
      select invocation_id, position, version, name, level, at, node_id, message, data
      from jsonb_to_recordset(${withoutNulls(JSON.stringify(rows))}::jsonb) as event (
        invocation_id uuid, position int, version int, name text, level text, at timestamptz,
        node_id text, message text, data jsonb
      )
      on conflict (invocation_id, position) do nothing`)
  }
}

/** Forgets the events of long ago. */
export async function forgetOldEvents(session: Pick<Session, 'query'>, now: Date): Promise<void> {
  const before = new Date(now.getTime() - keptDays * 86_400_000).toISOString()
  await session.query(sql`delete from estimand.events where at < ${before}::timestamptz`)
}

function cut(text: string): string {
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters - 1)}…`
}

/** What a long event carries is left out: the log file has it. */
function boundedData(data: unknown): unknown {
  return JSON.stringify(data).length <= mostCharacters * 4 ? data : { omitted: 'too long' }
}

/** PostgreSQL keeps no zero character in a text. */
function withoutNulls(json: string): string {
  return json.replace(/(?<!\\)((?:\\\\)*)\\u0000/g, '$1')
}
