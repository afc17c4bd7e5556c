import { z } from 'zod'
import { type EventName, eventCodes, eventLevels, eventVersion } from './event-names.ts'

/*
 * What an event looks like once it leaves the process: in the JSON log, in the store, before subscribers. `info` and
 * `data` are dbt's, so that readers of dbt's logs understand the events that dbt has too; `version` and `node_id` stand
 * beside them. Only types are taken from here while a command runs; the test of the published JSON Schema runs it.
 */

const count = z.number().int().nonnegative()
const seconds = z.number().nonnegative()
/** ISO 8601 in UTC. */
const time = z.string()
const status = z.string()

const nodeInfo = z.looseObject({
  node_name: z.string(),
  node_path: z.string(),
  node_checksum: z.string(),
  node_relation: z.looseObject({
    alias: z.string(),
    database: z.string(),
    schema: z.string(),
    relation_name: z.string(),
  }),
  node_started_at: z.union([time, z.literal('')]),
  node_finished_at: z.union([time, z.literal('')]),
  node_status: status,
  materialized: z.string(),
  resource_type: z.string(),
  unique_id: z.string(),
  meta: z.record(z.string(), z.unknown()),
})

const place = z.looseObject({ file: z.string(), line: count, column: count })
const problem = z.looseObject({
  code: z.string(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  place: place.optional(),
  sourceLine: z.string().optional(),
  hint: z.string().optional(),
  related: z.array(z.looseObject({ place, message: z.string() })).optional(),
})

const ofNode = { node_info: nodeInfo }
const counted = { index: count, total: count }
const result = { ...ofNode, ...counted, execution_time: seconds, status, problem: problem.optional() }
const failure = { ...ofNode, resource_type: z.string(), node_name: z.string(), path: z.string() }
const said = { ...ofNode, msg: z.string() }

/** What each event carries, by name. */
export const eventData = {
  MainReportVersion: z.looseObject({ version: z.string(), log_version: z.literal(3) }),
  ConcurrencyLine: z.looseObject({ num_threads: count, target_name: z.string(), node_count: count }),
  NodeStart: z.looseObject(ofNode),
  LogStartLine: z.looseObject({ ...ofNode, ...counted, description: z.string() }),
  LogModelResult: z.looseObject({ ...result, description: z.string() }),
  LogSnapshotResult: z.looseObject({ ...result, description: z.string(), result_message: z.string() }),
  LogSeedResult: z.looseObject({
    ...result,
    result_message: z.string(),
    schema: z.string(),
    relation: z.string(),
  }),
  LogTestResult: z.looseObject({
    ...ofNode,
    name: z.string(),
    status,
    index: count,
    num_models: count,
    num_failures: count,
    execution_time: seconds,
    attached_node: z.string().optional(),
    problem: problem.optional(),
  }),
  LogNodeNoOpResult: z.looseObject({
    ...ofNode,
    ...counted,
    description: z.string(),
    execution_time: seconds,
  }),
  SkippingDetails: z.looseObject({
    ...ofNode,
    ...counted,
    resource_type: z.string(),
    schema: z.string(),
    node_name: z.string(),
  }),
  LogBatchResult: z.looseObject({
    ...ofNode,
    description: z.string(),
    status,
    batch_index: count,
    total_batches: count,
  }),
  NodeFinished: z.looseObject({
    ...ofNode,
    run_result: z.looseObject({
      status,
      message: z.string(),
      execution_time: seconds,
      num_failures: count,
      thread: z.string(),
      timing_info: z.array(z.looseObject({ name: z.string(), started_at: time, completed_at: time })),
    }),
  }),
  FinishedRunningStats: z.looseObject({
    stat_line: z.string(),
    execution: z.string(),
    execution_time: seconds,
  }),
  EndOfRunSummary: z.looseObject({
    num_errors: count,
    num_warnings: count,
    keyboard_interrupt: z.boolean(),
  }),
  RunResultFailure: z.looseObject(failure),
  RunResultWarning: z.looseObject(failure),
  RunResultError: z.looseObject(said),
  RunResultWarningMessage: z.looseObject(said),
  StatsLine: z.looseObject({ stats: z.record(z.string(), count) }),
  CommandCompleted: z.looseObject({
    command: z.string(),
    completed_at: time,
    elapsed: seconds,
    success: z.boolean(),
  }),
  Note: z.looseObject({ msg: z.string() }),
  JinjaLogInfo: z.looseObject({ msg: z.string() }),
  JinjaLogDebug: z.looseObject({ msg: z.string() }),
  PrintEvent: z.looseObject({ msg: z.string() }),
  RunningOperationCaughtError: z.looseObject({ exc: z.string() }),
  LogFreshnessResult: z.looseObject({
    ...ofNode,
    ...counted,
    status,
    execution_time: seconds,
    source_name: z.string(),
    table_name: z.string(),
  }),
  RunStarted: z.looseObject({
    run_id: z.string(),
    command: z.string(),
    publish: z.enum(['run', 'node']),
    build_schema: z.string(),
    total: count,
  }),
  RunFinished: z.looseObject({
    run_id: z.string(),
    status: z.enum(['success', 'failed', 'cancelled']),
    /** Null where nobody knows: the connection was lost at the commit. */
    published: z.boolean().nullable(),
    publish_ms: z.number().nullable(),
    elapsed_ms: z.number(),
    problems: z.array(problem),
  }),
  WaitingForLease: z.looseObject({ holder: z.string(), holders: z.array(z.looseObject({ token: count })) }),
  NodeRetried: z.looseObject({ ...ofNode, attempt: count, pause_ms: z.number(), reason: z.string() }),
  NodeProgress: z.looseObject({ ...ofNode, rows: count, expected_rows: count.nullable() }),
  PublishStarted: z.looseObject({ relations: count }),
  PublishFinished: z.looseObject({ relations: count, duration_ms: z.number() }),
  ProblemReported: z.looseObject({ problem }),
  BackfillProgress: z.looseObject({ type: z.string() }),
  StreamProgress: z.looseObject({ type: z.string(), stream: z.string() }),
} satisfies Record<EventName, z.ZodType>

/** What the event of a name carries. */
export type EventData<Name extends EventName = EventName> = z.infer<(typeof eventData)[Name]>
export type EventNodeInfo = z.infer<typeof nodeInfo>

const infoFields = {
  level: z.enum(eventLevels),
  /** The event in words. */
  msg: z.string(),
  ts: time,
  invocation_id: z.string(),
  pid: count,
  thread: z.string(),
  category: z.string(),
  extra: z.record(z.string(), z.string()),
}
type InfoFields = z.infer<z.ZodObject<typeof infoFields>>

function recordOf(name: EventName) {
  return z.looseObject({
    version: z.literal(eventVersion),
    /** The node that the event is about; absent where it is about none. */
    node_id: z.string().optional(),
    info: z.looseObject({ name: z.literal(name), code: z.literal(eventCodes[name]), ...infoFields }),
    data: eventData[name],
  })
}

/** Every event of this version. */
export const eventRecordSchema = z.union((Object.keys(eventCodes) as EventName[]).map(recordOf))

/** An event as it is written. */
export interface EventRecord<Name extends EventName = EventName> {
  readonly version: typeof eventVersion
  readonly node_id?: string
  readonly info: Readonly<InfoFields> & { readonly name: Name; readonly code: string }
  readonly data: EventData<Name>
}
