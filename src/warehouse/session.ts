import type { Relation } from '../core/node.ts'
import type { CopySink } from './copy/copy-sink.ts'
import type { CopyRows } from './copy/copy-source.ts'
import type { CopyInFormat, CopyOutFormat } from './copy/copy-text.ts'
import type { SQLQuery } from './sql.ts'

export interface QueryResult<Row> {
  readonly rows: Row[]
  /** Rows returned or changed. */
  readonly rowCount: number
}

/** What the server says of a column of a result. */
export interface ResultColumn {
  readonly name: string
  readonly type: string
  /** Of a number with so many digits, and of those so many behind the point: `numeric(12,2)`. */
  readonly digits?: { readonly precision: number; readonly scale: number }
}

/** The rows of a statement as lists, with what the server says of their columns. */
export interface TableResult {
  /** Columns with short type names: `int8`, `numeric`; `oid 12345` for types that are not built in. */
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly (readonly unknown[])[]
  readonly rowCount: number
  /** `SELECT`, `INSERT`, `CREATE`. */
  readonly command: string
}

/** One connection. Statements run one after the other, each in a message of its own. */
export interface Session {
  /** Runs one statement; a text with several is refused by the server. */
  query<Row = Record<string, unknown>>(query: SQLQuery): Promise<QueryResult<Row>>
  /** The same for a statement of which nothing is known: its columns by position, with their types. */
  queryTable(query: SQLQuery): Promise<TableResult>
  /**
   * Runs statements without values whose rows nobody wants, without waiting for each: within a transaction, since what
   * came before one that fails has run.
   */
  runAll(statements: readonly SQLQuery[]): Promise<void>
  /** Runs the body between BEGIN and COMMIT; rolls back when it throws. Transactions do not nest. */
  transaction<T>(body: () => Promise<T>): Promise<T>
  /** Starts COPY … FROM STDIN; nothing else may run on the session until the sink is finished or aborted. */
  copyIn(relation: Relation, columns: readonly string[], format: CopyInFormat): CopySink
  /** Starts COPY (query) TO STDOUT; the query takes no parameters. */
  copyOut(query: SQLQuery, format: CopyOutFormat): CopyRows
  /** The process id of the backend, as in pg_stat_activity. */
  readonly processId: number
}
