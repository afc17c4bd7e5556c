import {
  type Alias,
  Composer,
  type CST,
  type Document,
  type DocumentOptions,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type ParseOptions,
  type SchemaOptions,
  visit,
} from 'yaml'
import { parseLoosely } from '../core/parse-loosely.ts'
import { makeProblem, type Place, type Problem, type ProblemDetails } from '../core/problem.ts'
import type { ProblemCode } from '../core/problem-catalogue.ts'
import type { Origin, SourceText } from '../core/project.ts'
import { withPlainNumbers } from '../core/whole-float.ts'
import { withYamlScalars } from '../core/yaml-scalars.ts'
import { readPlainYaml, type YamlFinding, type YamlSpot } from './plain-yaml.ts'
import { plainYamlTokens } from './plain-yaml-tokens.ts'
import { syntaxMessage } from './yaml-syntax.ts'

/*
 * A YAML file as plain data that still knows where each value stands.
 *
 * Values are read as dbt reads them: YAML 1.1, in which `yes` is true and `<<` merges. Positions are looked up only when one is asked for.
 */

/** The keys and indexes that lead to a value. */
export type YamlPath = readonly PropertyKey[]

export interface YamlDocument {
  readonly file: string
  readonly text: string
  /** The package that the file belongs to. */
  readonly origin: Origin
  readonly isLenient: boolean
  /** What the file says, unchecked. */
  readonly value: unknown
  /** Where the value at a path starts; the nearest enclosing value when the path leads nowhere. */
  placeOf(path: YamlPath): Place
  /** Where the key at the end of a path stands. */
  placeOfKey(path: YamlPath): Place
  /** How the scalar at a path is written, before YAML gave it a type. */
  sourceOf(path: YamlPath): string | undefined
}

export interface YamlOptions {
  /** Whether a key may stand twice, the last one counting, as in projects made for dbt. */
  readonly isLenient?: boolean
}

/** Parses a file; what YAML itself refuses goes to `problems`, and then there is no document. */
export function parseYaml(
  file: SourceText & Partial<Origin>,
  problems: Problem[],
  { isLenient = false }: YamlOptions = {},
): YamlDocument | null {
  const lines = new LineCounter()
  const tokens = plainYamlTokens(file.text, lines.addNewLine)
  const plain = tokens && readPlainYaml(tokens)
  if (plain) return makeDocument(file, isLenient, lines, plain.value, plain.find)
  const parsed = parse(file.text, tokens, isLenient, lines)
  const placeAtOffset = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file: file.path, line, column: col }
  }
  const refuse = (offset: number, message: string, hint?: string) => {
    problems.push(
      makeProblem('yaml-syntax', message, { place: placeAtOffset(offset), source: file.text, hint }),
    )
    return null
  }

  // The first error is the cause; those after it are mostly its echoes.
  const error = parsed.errors[0]
  if (error) {
    const { offset, message, hint } = syntaxMessage(error, file.text)
    return refuse(offset, message, hint)
  }
  const template = unquotedTemplate(parsed, file.text)
  if (template !== undefined)
    return refuse(
      template,
      'a value that starts with {{ is read by YAML as a mapping',
      'put the whole value in quotes: "{{ … }}"',
    )
  const lost = file.text.includes('*') ? aliasWithoutAnchor(parsed) : undefined
  if (lost)
    return refuse(
      lost.range![0],
      `*${lost.source} repeats an anchor that is not there`,
      `write &${lost.source} at the value to repeat, above this line`,
    )
  let value: unknown
  try {
    value = withPlainNumbers(parsed.toJS({ maxAliasCount: 10_000 }), isForTemplates)
  } catch (cause) {
    return refuse(0, cause instanceof Error ? cause.message : String(cause))
  }

  return makeDocument(file, isLenient, lines, value, (path) => findIn(parsed, path))
}

function makeDocument(
  file: SourceText & Partial<Origin>,
  isLenient: boolean,
  lines: LineCounter,
  value: unknown,
  find: (path: YamlPath) => YamlFinding,
): YamlDocument {
  const placeOfSpot = (spot: YamlSpot | undefined): Place => {
    const { line, col } = lines.linePos(spot?.offset ?? 0)
    return { file: file.path, line, column: col }
  }
  return {
    file: file.path,
    text: file.text,
    isLenient,
    origin: { package: file.package ?? '', packagePath: file.packagePath ?? file.path },
    value,
    placeOf: (path) => placeOfSpot(find(path).value),
    placeOfKey: (path) => {
      const found = find(path)
      return placeOfSpot(found.isWhole ? (found.key ?? found.value) : found.value)
    },
    sourceOf: (path) => {
      const found = find(path)
      return found.isWhole ? found.value?.source : undefined
    },
  }
}

/** The document as the package has it, which need not find the tokens of a plain one by itself. */
function parse(
  text: string,
  tokens: CST.Document | null,
  isLenient: boolean,
  lines: LineCounter,
): Document.Parsed {
  const options: ParseOptions & DocumentOptions & SchemaOptions = {
    version: '1.1',
    uniqueKeys: !isLenient,
    customTags: withYamlScalars,
    prettyErrors: false,
    logLevel: 'error',
  }
  const [plain] = tokens ? new Composer(options).compose([tokens], true, text.length) : []
  if (plain && plain.errors.length === 0) return plain as Document.Parsed
  // What is wrong is told from all of the tokens.
  lines.lineStarts.length = 0
  return parseLoosely(text, lines, options)
}

/** Keys below which values are handed to templates as they are. */
function isForTemplates(key: string): boolean {
  return /^\+?(?:vars|meta|tests|data_tests)$/.test(key)
}

/** A problem with the value at a path. */
export function yamlProblem(
  document: YamlDocument,
  path: YamlPath,
  message: string,
  details: Omit<ProblemDetails, 'source'> & { readonly code?: ProblemCode } = {},
): Problem {
  const { code = 'yaml-invalid', ...rest } = details
  const place = rest.place ?? document.placeOf(path)
  return makeProblem(code, message, { ...rest, place, source: document.text })
}

function findIn(document: Document.Parsed, path: YamlPath): YamlFinding {
  const steps = follow(document, path)
  const { key, value } = steps.at(-1)!
  return { isWhole: steps.length === path.length + 1, key: spotOf(key), value: spotOf(value) }
}

function spotOf(node: Node | undefined): YamlSpot | undefined {
  return node && { offset: node.range?.[0] ?? 0, source: isScalar(node) ? node.source : undefined }
}

interface Step {
  readonly key?: Node
  readonly value: Node | undefined
}

/** The nodes along a path from the root, as far as they exist. */
function follow(document: Document.Parsed, path: YamlPath): Step[] {
  const steps: Step[] = [{ value: document.contents ?? undefined }]
  for (const segment of path) {
    const node = resolved(document, steps.at(-1)!.value)
    const next = isSeq(node)
      ? seqStep(node.items, Number(segment))
      : isMap(node)
        ? mapStep(document, node.items, String(segment))
        : undefined
    if (!next) break
    steps.push(next)
  }
  return steps
}

function seqStep(items: readonly unknown[], index: number): Step | undefined {
  return index in items ? { value: items[index] as Node } : undefined
}

function mapStep(document: Document.Parsed, items: readonly Pair[], key: string): Step | undefined {
  for (const pair of items) {
    if (isScalar(pair.key) && typeof pair.key.value !== 'symbol' && String(pair.key.value) === key)
      return { key: pair.key, value: (pair.value as Node | null) ?? pair.key }
  }
  for (const pair of items) {
    if (!isMergeKey(pair.key)) continue
    const merged = resolved(document, pair.value as Node)
    const maps = isSeq(merged) ? merged.items.map((item) => resolved(document, item as Node)) : [merged]
    for (const map of maps) {
      const step = isMap(map) ? mapStep(document, map.items, key) : undefined
      if (step) return step
    }
  }
  return undefined
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && (key.value === '<<' || typeof key.value === 'symbol')
}

function resolved(document: Document.Parsed, node: Node | undefined): Node | undefined {
  return isAlias(node) ? node.resolve(document) : node
}

function aliasWithoutAnchor(document: Document.Parsed): Alias | undefined {
  let lost: Alias | undefined
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document)) return undefined
      lost = alias
      return visit.BREAK
    },
  })
  return lost
}

/** The offset of a `{{ … }}` that stands outside quotes, where YAML sees a mapping as the key of a mapping. */
function unquotedTemplate(document: Document.Parsed, text: string): number | undefined {
  if (!text.includes('{{')) return undefined
  let offset: number | undefined
  visit(document, {
    Pair(_, pair) {
      if (!isCollection(pair.key) || text[(pair.key.range?.[0] ?? 0) - 1] !== '{') return undefined
      offset = pair.key.range![0] - 1
      return visit.BREAK
    },
  })
  return offset
}
