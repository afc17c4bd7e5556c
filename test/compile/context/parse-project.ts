import { compile } from '../../../src/compile/compile.ts'
import type { QueryAnswer, RenderScope } from '../../../src/compile/renderer.ts'
import type { Target } from '../../../src/core/manifest.ts'
import { formatProblem, ProblemError } from '../../../src/core/problem.ts'
import { readProject } from '../../../src/project/read-project.ts'
import { type Files, withProject } from '../../project/temp-project.ts'

/*
 * Compiles small projects without a database, and renders their templates.
 */

export const target: Target = {
  name: 'dev',
  type: 'postgres',
  engine: 'postgres',
  schema: 'analytics',
  database: 'shop',
  host: 'localhost',
  port: 5432,
  user: 'ann',
  threads: 4,
}

/** A scope in which everything is published and nothing may be asked. */
export function publishedScope(more: Partial<RenderScope> = {}): RenderScope {
  return {
    relationOf: (relation) => relation,
    isIncremental: false,
    fullRefresh: false,
    runStartedAt: new Date('2026-01-31T12:00:00Z'),
    invocationId: 'run-1',
    log: () => {},
    ...more,
  }
}

/** Compiles the files. */
export function compiled(
  files: Files,
  options: { readonly vars?: Record<string, unknown>; readonly env?: Record<string, string> } = {},
) {
  return withProject(files, async (root) => {
    const project = await readProject(root)
    const { vars = {}, env = {} } = options
    return compile(project, { target, vars, env, clock: () => new Date('2026-01-31T12:00:00Z') })
  })
}

/** The text of a template in a project with the files. */
export async function rendered(
  template: string,
  files: Files = {},
  scope: Partial<RenderScope> = {},
  options: Parameters<typeof compiled>[1] = {},
): Promise<string> {
  const { renderer } = await compiled(files, options)
  const { text } = await renderer.compileInline(template, publishedScope(scope))
  return text.trim()
}

/** What is told of a template that fails. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof ProblemError) return error.problems.map(formatProblem).join('\n')
    throw error
  }
  throw new Error('nothing failed')
}

/** A database that notes what it is sent and gives prepared answers in turn. */
export function scriptedDatabase(...answers: readonly Partial<QueryAnswer>[]) {
  const sent: string[] = []
  let next = 0
  return {
    sent,
    ask: async (sql: string): Promise<QueryAnswer> => {
      sent.push(sql.replace(/\s+/g, ' ').trim())
      return { columns: [], rows: [], rowCount: 0, command: 'SELECT', ...answers[next++] }
    },
  }
}
