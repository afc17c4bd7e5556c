import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { problemCatalogue } from '../../src/core/problem-catalogue.ts'

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')

/** The page's sections by code. */
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')).trim(), section]),
)

describe('docs/errors.md', () => {
  it('explains exactly the codes that there are', () => {
    expect([...sections.keys()].sort()).toEqual(Object.keys(problemCatalogue).sort())
  })

  it('gives each error its exit code', () => {
    const stated = [...sections].flatMap(([code, section]) => {
      const exitCode = /^Exit code ([12])/m.exec(section)?.[1]
      return exitCode === undefined ? [] : [[code, Number(exitCode)]]
    })
    const expected = Object.entries(problemCatalogue).map(([code, entry]) => [code, entry.exitCode])
    expect(expected).toEqual(expect.arrayContaining(stated))
    // What is only ever a warning has none.
    expect(Object.keys(problemCatalogue).filter((code) => !stated.some(([known]) => known === code))).toEqual(
      ['not-supported'],
    )
  })

  it('shows codes in examples only under their own heading', () => {
    const codes = Object.keys(problemCatalogue)
    for (const [code, section] of sections)
      for (const [, shown] of section.matchAll(/ {3}\[([a-z-]+)\]$/gm)) {
        expect(codes).toContain(shown)
        expect(shown, `the example under ${code}`).toBe(code)
      }
  })
})
