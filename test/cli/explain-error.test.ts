import { describe, expect, it } from 'vitest'
import type { CommandContext } from '../../src/cli/command-context.ts'
import { explainError } from '../../src/cli/explain-error.ts'
import { makeTerminal } from '../../src/cli/output.ts'
import { makeProblem, ProblemError } from '../../src/core/problem.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

function explain(error: unknown, changes: { debug?: boolean; aborted?: boolean; logPath?: string } = {}) {
  const surroundings = fakeSurroundings()
  const controller = new AbortController()
  if (changes.aborted) controller.abort()
  const logged: string[] = []
  const context = {
    command: 'build',
    flags: { logFormat: 'text', debug: changes.debug ?? false },
    terminal: makeTerminal(surroundings, {}),
    signal: controller.signal,
    events: { tell: ({ msg }: { readonly msg: string }) => logged.push(msg) },
    log: {
      write: (_level: string, message: string) => logged.push(message),
      path: () => changes.logPath ?? null,
    },
  } as unknown as CommandContext
  const code = explainError(error, context, false)
  return { code, err: surroundings.written.err, logged }
}

describe('what ended a command early', () => {
  it('is every problem, with the gravest exit code', () => {
    const error = new ProblemError([
      makeProblem('sql-error', 'no such column'),
      makeProblem('ref-unknown', 'no such model'),
    ])
    const { code, err, logged } = explain(error)
    expect(code).toBe(2)
    expect(err).toBe('no such column   [sql-error]\nno such model   [ref-unknown]\n')
    expect(logged).toEqual(['no such column   [sql-error]', 'no such model   [ref-unknown]'])
  })

  it('is only a failure when a node failed', () => {
    expect(explain(new ProblemError(makeProblem('run-locked', 'busy'))).code).toBe(1)
  })

  it('is a cancel when the work was aborted', () => {
    const { code, err } = explain(new DOMException('This operation was aborted', 'AbortError'), {
      aborted: true,
    })
    expect(code).toBe(1)
    expect(err).toContain('[cancelled]')
  })

  it('is told shortly when nobody foresaw it, with the way to the details', () => {
    const { code, err, logged } = explain(new TypeError('x is not a function'), { logPath: 'a/b.log' })
    expect(code).toBe(2)
    expect(err).toBe('unexpected error: x is not a function\ndetails are in a/b.log\n')
    expect(logged[0]).toContain('x is not a function')
  })

  it('shows the stack and its causes with --debug', () => {
    const error = new Error('outer', { cause: new Error('inner') })
    const { err } = explain(error, { debug: true })
    expect(err).toMatch(/unexpected error: outer\nError: outer\n +at /)
    expect(err).toMatch(/caused by Error: inner\n +at /)
  })
})
