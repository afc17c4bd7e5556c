import { describe, expect, it } from 'vitest'
import type { GlobalFlags } from '../../src/cli/flags.ts'
import { tellWarnings, warningPolicy } from '../../src/cli/warning-policy.ts'
import { makeProblem, type Problem, ProblemError } from '../../src/core/problem.ts'

const empty = makeProblem('selection-empty', 'nothing', { severity: 'warning' })
const unknown = makeProblem('yaml-unknown-key', 'what is this', { severity: 'warning' })
const flags = (given: Partial<GlobalFlags>): GlobalFlags => ({ logFormat: 'text', ...given })
const verdicts = (given: Partial<GlobalFlags>) =>
  [empty, unknown].map((problem) => warningPolicy(flags(given))(problem))

describe('warnings', () => {
  it.each<[Partial<GlobalFlags>, string[]]>([
    [{}, ['warning', 'warning']],
    [{ warnError: true }, ['error', 'error']],
    [{ warnErrorOptions: '{error: all}' }, ['error', 'error']],
    [{ warnErrorOptions: '{"include": "*", "exclude": ["selection-empty"]}' }, ['warning', 'error']],
    [{ warnErrorOptions: '{error: [yaml-unknown-key]}' }, ['warning', 'error']],
    [{ warnErrorOptions: '{error: all, silence: [NoNodesForSelectionCriteria]}' }, ['silent', 'error']],
    [{ warnError: true, warnErrorOptions: '{warn: [selection-empty]}' }, ['warning', 'error']],
    [{ warnErrorOptions: '{silence: [SomethingOfDbt]}' }, ['warning', 'warning']],
  ])('%j', (given, expected) => {
    expect(verdicts(given)).toEqual(expected)
  })

  it('are told, or thrown together where they are errors', () => {
    const told: Problem[] = []
    const narrator = { problem: (problem: Problem) => void told.push(problem) }
    tellWarnings([empty, unknown], { flags: flags({}), narrator })
    expect(told).toEqual([empty, unknown])
    const given = flags({ warnErrorOptions: '{error: [yaml-unknown-key]}' })
    expect(() => tellWarnings([empty, unknown], { flags: given, narrator })).toThrow(ProblemError)
    expect(told).toEqual([empty, unknown, empty])
  })

  it.each(['[a]', '{errors: all}', '{'])('refuses %s', (text) => {
    expect(() => warningPolicy(flags({ warnErrorOptions: text }))).toThrow('--warn-error-options')
  })
})
