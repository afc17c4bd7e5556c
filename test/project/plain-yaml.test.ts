import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Problem } from '../../src/core/problem.ts'
import { readPlainYaml } from '../../src/project/plain-yaml.ts'
import { plainYamlTokens } from '../../src/project/plain-yaml-tokens.ts'
import { parseYaml, type YamlPath } from '../../src/project/yaml-document.ts'
import { makeRandom } from '../../src/stats/random/philox.ts'
import { randomYaml } from './random-yaml.ts'

/*
 * A plain file is read without the package's documents. A tab in a comment at its end says nothing and sends the same
 * file through the package.
 */

const forPackage = '\n#\t'

function isPlain(text: string): boolean {
  const tokens = plainYamlTokens(text, () => {})
  return tokens !== null && readPlainYaml(tokens) !== null
}

/** Everything that a document tells. */
function told(text: string, isLenient: boolean) {
  const problems: Problem[] = []
  const document = parseYaml({ path: 'models/a.yml', text }, problems, { isLenient })
  if (!document) return problems.map(({ code, message, place }) => ({ code, message, place }))
  const paths = [[], ['absent'], [0], [0, 'absent', 1], ...pathsIn(document.value, [])]
  const spots = paths.flatMap((path) => {
    const at = (one: YamlPath) => [document.placeOf(one), document.placeOfKey(one), document.sourceOf(one)]
    return [[path, ...at(path), ...at([...path, 'absent']), ...at([...path, 7])]]
  })
  return { value: document.value, spots }
}

function pathsIn(value: unknown, path: YamlPath): YamlPath[] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [path, ...entries.flatMap(([key, item]) => pathsIn(item, [...path, key]))]
}

describe('a plain file', () => {
  test.each([
    'version: 2\n\nmodels:\n  - name: orders\n    columns:\n      - name: id\n        tests: \n          - unique # why\n',
    'a: true\nb: false\nc: 0\nd: 120\ne: \'yes\'\nf: "1"\n',
    '- a\n- b c, d\n- "  x "\n- y\n- n\n- Trueish\n',
    '_a: b\nconstructor: c\ntoString:\n  - valueOf\n',
  ])('says what the package says: %j', (text) => {
    expect(isPlain(text)).toBe(true)
    expect(told(text, false)).toStrictEqual(told(text + forPackage, false))
  })

  test.each([
    'a: yes\n',
    'a: True\n',
    'a: null\n',
    'a: ~\n',
    'a: 1.0\n',
    'a: -1\n',
    'a: 012\n',
    'a: 9007199254740993\n',
    'a: 2024-01-01\n',
    'a: ./b\n',
    'yes: a\n',
    'a: b\na: c\n',
    '__proto__: a\n',
    '+tags: a\n',
    '# nothing\n',
  ])('is none with %j', (text) => {
    expect(isPlain(text)).toBe(false)
  })

  test('of this repository says what the package says', () => {
    const files = ['models', 'analytics', 'pipelines', 'test/projects'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.ya?ml$/.test(path))
        .map((path) => readFileSync(join(folder, path), 'utf8')),
    )
    const plain = files.filter(isPlain)
    for (const text of plain) expect(told(text, true)).toStrictEqual(told(text + forPackage, true))
    expect(plain.length).toBeGreaterThan(files.length / 20)
  })

  test('says what the package says, whatever stands in it', () => {
    const random = makeRandom(Number(process.env['ESTIMAND_SEED'] ?? 1))
    let plain = 0
    for (let round = 0; round < 4_000; round++) {
      const text = randomYaml(random)
      if (!isPlain(text)) continue
      plain++
      for (const isLenient of [false, true])
        expect(told(text, isLenient), JSON.stringify(text)).toStrictEqual(told(text + forPackage, isLenient))
    }
    expect(plain).toBeGreaterThan(100)
  })
})
