import { describe, expect, it } from 'vitest'
import { pythonJson } from '../../../src/cli/display/python-json.ts'

describe('pythonJson', () => {
  it.each<[unknown, string]>([
    [{ a: [1, 2], b: { c: null } }, '{"a": [1, 2], "b": {"c": null}}'],
    [{ a: undefined, b: [] }, '{"b": []}'],
    ['Cläre "x"\n😀', '"Cl\\u00e4re \\"x\\"\\n\\ud83d\\ude00"'],
    [true, 'true'],
    [{}, '{}'],
  ])('%j', (value, expected) => {
    expect(pythonJson(value)).toBe(expected)
  })
})
