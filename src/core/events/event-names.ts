/*
 * The names of all events with their codes, and the version of what they look like. Those in the first part are dbt's,
 * under dbt's names and codes and with dbt's data, because tools that read dbt's logs go by these; the others are ours.
 */

/**
 * The version of the stream. It is raised when a field goes or comes to mean something else; new events and new fields
 * leave it as it is, since readers pass over what they do not know.
 */
export const eventVersion = 1

/** The code of each event, by name. */
export const eventCodes = {
  MainReportVersion: 'A001',
  FinishedRunningStats: 'E047',
  JinjaLogInfo: 'I062',
  JinjaLogDebug: 'I063',
  RunningOperationCaughtError: 'Q001',
  LogTestResult: 'Q007',
  LogStartLine: 'Q011',
  LogModelResult: 'Q012',
  LogSnapshotResult: 'Q015',
  LogSeedResult: 'Q016',
  LogFreshnessResult: 'Q018',
  LogNodeNoOpResult: 'Q019',
  NodeStart: 'Q024',
  NodeFinished: 'Q025',
  ConcurrencyLine: 'Q027',
  SkippingDetails: 'Q034',
  CommandCompleted: 'Q039',
  LogBatchResult: 'Q046',
  RunResultWarning: 'Z021',
  RunResultFailure: 'Z022',
  StatsLine: 'Z023',
  RunResultError: 'Z024',
  EndOfRunSummary: 'Z030',
  RunResultWarningMessage: 'Z046',
  Note: 'Z050',
  PrintEvent: 'Z052',
  RunStarted: 'ES01',
  RunFinished: 'ES02',
  WaitingForLease: 'ES03',
  NodeRetried: 'ES04',
  NodeProgress: 'ES05',
  PublishStarted: 'ES06',
  PublishFinished: 'ES07',
  ProblemReported: 'ES08',
  BackfillProgress: 'ES09',
  StreamProgress: 'ES10',
} as const

/** What an event is called. */
export type EventName = keyof typeof eventCodes

/** How much an event matters, the least first. */
export const eventLevels = ['debug', 'info', 'warn', 'error'] as const
export type EventLevel = (typeof eventLevels)[number]

/** Whether an event of one level is told to whoever wants those from another level on; `none` wants nothing. */
export function isTold(level: EventLevel, from: EventLevel | 'none'): boolean {
  return from !== 'none' && eventLevels.indexOf(level) >= eventLevels.indexOf(from)
}
