import type { Readable } from 'node:stream'
import type { Relation } from '../core/node.ts'
import type { CopySink } from './copy/copy-sink.ts'
import type { CopyInFormat, CopyOutFormat } from './copy/copy-text.ts'
import type { SQLQuery } from './sql.ts'

export interface QueryResult<Row> {
  readonly rows: Row[]
  /** Rows returned or changed. */
  readonly rowCount: number
}

/** One connection. Statements run one after the other, each in a message of its own. */
export interface Session {
  /** Runs one statement; a text with several is refused by the server. */
  query<Row = Record<string, unknown>>(query: SQLQuery): Promise<QueryResult<Row>>
  /** Runs the body between BEGIN and COMMIT; rolls back when it throws. Transactions do not nest. */
  transaction<T>(body: () => Promise<T>): Promise<T>
  /** Starts COPY … FROM STDIN; nothing else may run on the session until the sink is finished or aborted. */
  copyIn(relation: Relation, columns: readonly string[], format: CopyInFormat): CopySink
  /** Starts COPY (query) TO STDOUT; the query takes no parameters. */
  copyOut(query: SQLQuery, format: CopyOutFormat): Readable
  /** The process id of the backend, as in pg_stat_activity. */
  readonly processId: number
}
