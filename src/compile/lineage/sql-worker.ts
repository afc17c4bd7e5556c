import { parentPort } from 'node:worker_threads'
import { loadSqlParser } from '../sql/syntax.ts'
import { analyseSql, type SqlToAnalyse } from './analyse-sql.ts'

/*
 * The thread that looks at SQL. It begins before there is any, and loads the parser meanwhile. What it finds leaves it
 * as JSON: a text is taken over by another thread in less time than the many small objects in it.
 */

const loaded = loadSqlParser()

parentPort!.on('message', (sql: SqlToAnalyse | null) => {
  if (sql === null) parentPort!.close()
  else void loaded.then(() => parentPort!.postMessage(JSON.stringify(analyseSql(sql))))
})
