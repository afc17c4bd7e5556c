import type { Ask, QueryAnswer } from '../compile/renderer.ts'
import { type Statement, splitStatements } from '../compile/sql/statements.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { ServerError, type Session, unsafeSql, type Warehouse } from '../warehouse/index.ts'

/*
 * Answers what templates ask the database. Statements go out one by one, each on its own unless the text itself
 * says `begin` and `commit`.
 */

const nothing: QueryAnswer = { columns: [], rows: [], rowCount: 0, command: '' }

/** Sends on one session; of several statements the last one's rows are the answer. */
export function askOn(session: Session, isWanted: (statement: Statement) => boolean = () => true): Ask {
  return async (text) => {
    let answer = nothing
    for (const statement of splitStatements(text))
      if (isWanted(statement)) answer = await send(session, statement.text)
    return answer
  }
}

/** Sends each question on any free session. */
export function askAnywhere(warehouse: Pick<Warehouse, 'withSession'>): Ask {
  return (text) => warehouse.withSession((session) => askOn(session)(text))
}

/** Notes the answers, so that the same template can be rendered again for other relations without asking again. */
export function recordAnswers(ask: Ask): { readonly ask: Ask; readonly replay: () => Ask } {
  const answers: QueryAnswer[] = []
  return {
    ask: async (text) => {
      const answer = await ask(text)
      answers.push(answer)
      return answer
    },
    replay: () => {
      let next = 0
      return async (text) => answers[next++] ?? ask(text)
    },
  }
}

async function send(session: Session, text: string): Promise<QueryAnswer> {
  try {
    return await session.queryTable(unsafeSql(text))
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    const { message, detail, hint, kind } = error.failure
    const code = kind === 'cancelled' ? 'cancelled' : 'sql-error'
    const more = [detail, hint, `in: ${shortened(text)}`].filter(Boolean).join('\n')
    throw new ProblemError(makeProblem(code, message, { hint: more }), { cause: error })
  }
}

/** A statement on one line, as far as a person wants to read it there. */
function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 160 ? `${line.slice(0, 160)} …` : line
}
