/*
 * The engines: everything that touches PostgreSQL. Other folders import from this file only.
 */

export { cancelledError, throwIfCancelled } from './cancelled.ts'
export {
  type CatalogColumn,
  type CatalogRelation,
  columnsOf,
  existingFunctions,
  existingRelations,
  type Queryable,
  relationsInSchemas,
} from './catalog.ts'
export { commentedSession, commentedWarehouse, type StatementComment } from './commented.ts'
export type { Connection } from './connection.ts'
export {
  type BinaryColumn,
  type BinaryWriter,
  binaryEnd,
  binaryHead,
  makeBinaryWriter,
} from './copy/binary-writer.ts'
export type { CopySink } from './copy/copy-sink.ts'
export type { CopyRows } from './copy/copy-source.ts'
export type { CopyInFormat, CopyOutFormat } from './copy/copy-text.ts'
export {
  type EmbeddedStatus,
  embeddedServerStatus,
  resetEmbeddedServer,
  stopEmbeddedServer,
} from './embedded/embedded-control.ts'
export {
  type EmbeddedEffects,
  type EmbeddedServer,
  ensureEmbeddedServer,
} from './embedded/embedded-server.ts'
export { ensureSchema } from './ensure-schema.ts'
export { possibleWriters } from './possible-writers.ts'
export { changesColumns } from './publish/apply-change.ts'
export { deltaStatements, isInTimes, replacedRows, sameRow, updatedColumns } from './publish/apply-delta.ts'
export { isCurrent } from './publish/apply-versions.ts'
export { type PublishOptions, type PublishResult, publish } from './publish/publish.ts'
export type {
  ApplyDelta,
  ApplyVersions,
  ColumnDefinition,
  PublishAction,
  PublishView,
  RelationDetails,
  SwapTable,
} from './publish/publish-action.ts'
export { rehearseFunctions } from './publish/publish-functions.ts'
export type { ReplacedRelation } from './publish/replaced-relation.ts'
export { type KeptRows, type Rewritten, undoRows } from './publish/undo-rows.ts'
export * from './relation-sql.ts'
export { type ObservedRelation, observeRelations, relationFiles, relationStates } from './relation-states.ts'
export {
  connectionUrl,
  describeTarget,
  type NamedTarget,
  postgresConnection,
  redactUrl,
  resolveConnection,
  withDatabaseUrl,
} from './resolve-connection.ts'
export { mostTogether, sessionsTogether } from './run-together.ts'
export {
  describeFailure,
  failureBehind,
  positionWithin,
  ServerError,
  type ServerFailure,
} from './server-error.ts'
export type { QueryResult, ResultColumn, Session, TableResult } from './session.ts'
export { type SQLQuery, sql } from './sql.ts'
export { sqlLiteral, sqlText, unsafeSql } from './sql-text.ts'
export { unsureCalls } from './unsure-calls.ts'
export { viewStates } from './view-states.ts'
export {
  type ConnectOptions,
  type ControlSession,
  connectWarehouse,
  type SessionSettings,
  type Warehouse,
  withWarehouse,
} from './warehouse.ts'
