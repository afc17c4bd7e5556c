import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Composer, type Document, isCollection, isPair, isScalar, LineCounter, parseDocument } from 'yaml'
import { withYamlScalars } from '../../src/core/yaml-scalars.ts'
import { plainYamlTokens } from '../../src/project/plain-yaml-tokens.ts'
import { makeRandom } from '../../src/stats/random/philox.ts'
import { randomYaml } from './random-yaml.ts'

const options = { version: '1.1', customTags: withYamlScalars, prettyErrors: false } as const

/** What a document says: every value with its place and how it is written; or that something is wrong with it. */
function said(document: Document.Parsed | Document) {
  if (document.errors.length > 0) return 'wrong'
  const nodes: unknown[] = []
  const visit = (node: unknown): void => {
    if (isPair(node)) for (const part of [node.key, node.value]) visit(part)
    else if (isCollection(node)) {
      nodes.push([node.constructor.name, node.range?.[0], node.items.length])
      for (const item of node.items) visit(item)
    } else if (isScalar(node)) nodes.push([node.value, node.range?.[0], node.source])
    else nodes.push(String(node))
  }
  visit(document.contents)
  return nodes
}

function fromTokens(text: string) {
  const lines = new LineCounter()
  const tokens = plainYamlTokens(text, lines.addNewLine)
  if (!tokens) return null
  const [document] = new Composer(options).compose([tokens], true, text.length)
  return { said: said(document!), lines: lines.lineStarts }
}

function fromPackage(text: string) {
  const lines = new LineCounter()
  const document = parseDocument(text, { ...options, lineCounter: lines })
  return { said: said(document), lines: lines.lineStarts }
}

describe('plainYamlTokens', () => {
  test.each([
    'version: 2\n\nmodels:\n  - name: orders\n    columns:\n      - name: id\n        tests: \n          - unique # why\n',
    '# about\nmodels:\n# more\n- name: a\n  description: "it: is # so"\n- name: b\n',
    "- 'x' # said\n- y\n- 012\n-   a: 1\n    b: yes",
    'a:\n  b:\n    c: 1 2  3  \n\n\nd: http://x#y\n+e: f,g [h]\n',
  ])('reads what is plain as the package does: %j', (text) => {
    expect(fromTokens(text)).toEqual(fromPackage(text))
  })

  test.each([
    '',
    '# nothing\n',
    'a:\n',
    'a: b\n c\n',
    'a: b: c\n',
    'a: "b\n  c"\n',
    'a: |\n  b\n',
    'a: [b]\n',
    '- a\n-\n',
    'a: *b\n',
    'a: !!str 1\n',
    '---\na: b\n',
    'a:\tb\n',
    'a: b\r\nc: d\r\n',
    'a: b\n...\n',
    '? a\n: b\n',
    "a: 'it''s'\n",
    'a: "\\n"\n',
    'a: "b"c\n',
    'a: "b"#c\n',
    'a:\n    b: 1\n  c: 2\n',
    'a: b\n- c\n',
    '- - a\n',
    '<<: a\n',
  ])('leaves to the package what is not plain: %j', (text) => {
    expect(fromTokens(text)).toBeNull()
  })

  test('reads the files of this repository', () => {
    const files = ['models', 'analytics', 'pipelines', 'test/projects'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.ya?ml$/.test(path))
        .map((path) => join(folder, path)),
    )
    const plain = files.filter((path) => {
      const text = readFileSync(path, 'utf8')
      const read = fromTokens(text)
      if (read) expect(read, path).toEqual(fromPackage(text))
      return read !== null
    })
    expect(plain.length).toBeGreaterThan(files.length / 10)
  })

  test('what it reads is what the package reads, whatever stands in the file', () => {
    const random = makeRandom(Number(process.env['ESTIMAND_SEED'] ?? 1))
    let plain = 0
    for (let round = 0; round < 5_000; round++) {
      const text = randomYaml(random)
      const read = fromTokens(text)
      if (!read) continue
      plain++
      expect(read, JSON.stringify(text)).toEqual(fromPackage(text))
    }
    expect(plain).toBeGreaterThan(500)
  })
})
