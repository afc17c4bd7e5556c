import { ProblemError } from '../../core/problem.ts'
import { type Answers, type HostObject, hostObject, type Question, type Value } from '../dialect/index.ts'
import { ContextError } from '../template-problem.ts'

/*
 * How a template asks the database. Rendering is synchronous: a question stops it, is answered outside, and the
 * template is rendered again with the answers it already has. Every statement is sent once, in order.
 */

/** What a statement gave. */
export interface QueryAnswer {
  /** Columns with PostgreSQL's short type names: `int8`, `numeric`, `timestamptz`. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly rowCount: number
  /** The command: `SELECT`, `INSERT`. */
  readonly command: string
}

/** Sends SQL, which may be several statements, and gives what the last one gave. */
export type Ask = (sql: string) => Promise<QueryAnswer>

/** The database as a rendering sees it. */
export interface Database {
  query(sql: string): QueryAnswer
}

/** An outcome on its way through the dialect's answers. */
type Outcome = { readonly answer: QueryAnswer } | { readonly error: unknown }

/** The database of a rendering that may not ask one: while a project is compiled there is none. */
export const noDatabase: Database = {
  query() {
    throw new ContextError(
      'database-needed',
      'this template asks the database, and there is no connection here',
      'give the command a database, or guard the question with {% if execute %} and a fallback',
    )
  },
}

/** The database of one attempt at a rendering. */
export function databaseOf(answers: Answers): Database {
  return {
    query(sql) {
      // Questions are told apart by their order alone: a text may hold a name made of the time of day.
      const outcome = outcomeOf(answers.ask({ key: 'statement', sql }))
      if ('answer' in outcome) return outcome.answer
      throw askError(outcome.error)
    },
  }
}

/** A statement that failed, at the place in the template that sent it. */
function askError(error: unknown): ContextError {
  const [problem] = error instanceof ProblemError ? error.problems : []
  const options = { cause: error }
  if (problem) return new ContextError(problem.code, problem.message, problem.hint, options)
  return new ContextError(
    'sql-error',
    error instanceof Error ? error.message : String(error),
    undefined,
    options,
  )
}

/** Answers a question; a failure is an answer too, so that it is told at its place in the template. */
export async function answerQuestion(ask: Ask, question: Question): Promise<Value> {
  const outcome = await ask(String(question['sql'])).then(
    (answer): Outcome => ({ answer }),
    (error: unknown): Outcome => ({ error }),
  )
  return hostObject({ type: 'Answer', toJs: () => outcome })
}

function outcomeOf(value: Value): Outcome {
  return (value as HostObject).protocol.toJs!() as Outcome
}

/** Runs an attempt that is repeated for every answer; what it says is passed on once. */
export function saidOnce<Args extends readonly unknown[]>(
  say: (...args: Args) => void,
): { readonly begin: () => (...args: Args) => void } {
  let told = 0
  return {
    begin() {
      let at = 0
      return (...args) => {
        at += 1
        if (at <= told) return
        told = at
        say(...args)
      }
    },
  }
}
