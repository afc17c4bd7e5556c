import type { ModelNode } from '../../core/node.ts'
import { makeProblem, type Place, type Problem } from '../../core/problem.ts'
import type { Capture, CaptureRequest, Templates } from '../templates.ts'
import type { Read } from './draft.ts'

/*
 * Models in Python. dbt reads from their text what they declare and read, and has them run by the database; Postgres
 * runs none. So they are nodes of the graph that fail when somebody runs them, and what reads them is skipped.
 */

/** Whether a file holds a model in Python. */
export function isPythonFile(path: string): boolean {
  return path.endsWith('.py')
}

/** Whether a node is a model in Python, whose text is no SQL. */
export function isPythonModel({
  resourceType,
  path,
}: Pick<ModelNode, 'path'> & { resourceType: string }): boolean {
  return resourceType === 'model' && isPythonFile(path)
}

/** A call such as `dbt.ref("orders")`. */
interface PythonCall {
  readonly name: string
  /** What stands between its brackets, without comments. */
  readonly args: string
  readonly place: Place
}

/** What a Python model declares and reads, by its calls of `dbt.ref`, `dbt.source` and `dbt.config` with literals. */
export function capturePython(
  templates: Pick<Templates, 'capture'>,
  request: CaptureRequest,
): Capture & { readonly usedKeys: readonly string[] } {
  const { file } = request
  const calls = pythonCalls(file.text, file.path)
  const made = calls.filter(({ name }) => name === 'ref' || name === 'source' || name === 'config')
  // Each call stands on its line, so that what is wrong with it is told there.
  let line = 1
  const text = made.map(({ name, args, place }) => {
    const newLines = '\n'.repeat(Math.max(place.line - line, 0))
    line = place.line + args.split('\n').length - 1
    return `${newLines}{{ ${name}(${args}) }}`
  })
  const captured = templates.capture({ ...request, file: { ...file, text: text.join('') } })
  const places = made.filter(({ name }) => name !== 'config').map(({ place }) => place)
  const reads = captured.reads.map((read, index): Read => ({ ...read, place: places[index] ?? read.place }))
  const problems = [...captured.problems, ...misshapen(file)]
  return { ...captured, reads, problems, usedKeys: calls.flatMap(({ name, args }) => keyOf(name, args)) }
}

/** The key that `dbt.config.get("key")` asks for. */
function keyOf(name: string, args: string): string[] {
  const [, key] = name === 'config.get' ? (/^\s*["']([^"']*)["']/.exec(args) ?? []) : []
  return key === undefined ? [] : [key]
}

/** Why a Python model fails when it is run. */
export function pythonRefusal(materialized: string, place: Place, source: string): Problem {
  return makeProblem(
    'not-supported',
    `the materialization ${materialized} runs SQL only, and this is Python`,
    {
      place,
      source,
      hint: 'PostgreSQL runs no Python models; write it in SQL, or as a job in TypeScript',
    },
  )
}

/** A file must define one function `model(dbt, session)`. */
function misshapen({ path, text }: CaptureRequest['file']): Problem[] {
  const found = [...text.matchAll(/^def[ \t]+model[ \t]*\(([^)]*)\)/gm)]
  const [names = []] = found.map(([, listed]) =>
    listed!.split(',').map((one) => one.split(/[:=]/)[0]!.trim()),
  )
  if (found.length === 1 && names.length === 2 && names[0] === 'dbt') return []
  const place = { file: path, line: 1, column: 1 }
  return [
    makeProblem('template-error', 'a Python model defines one function model(dbt, session)', {
      place,
      source: text,
      hint: `found ${found.length === 1 ? found[0]![0] : `${found.length} of them`}`,
    }),
  ]
}

/** Strings with three quotes or one, comments, and calls of what dbt gives. */
const piece =
  /("""|''')[\s\S]*?\1|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|#[^\n]*|(?<![\w.])dbt\s*\.\s*(ref|source|config(?:\s*\.\s*get)?)\s*\(/g

function pythonCalls(text: string, file: string): PythonCall[] {
  return [...text.matchAll(piece)].flatMap((match) => {
    const name = match[2]
    if (name === undefined) return []
    const before = text.slice(0, match.index).split('\n')
    const place = { file, line: before.length, column: before.at(-1)!.length + 1 }
    return { name: name.replace(/\s/g, ''), args: argumentsAt(text, match.index + match[0].length), place }
  })
}

/** What stands between an opened bracket and the one that closes it. */
function argumentsAt(text: string, start: number): string {
  const token = /("""|''')[\s\S]*?\1|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|#[^\n]*|[()]/g
  token.lastIndex = start
  let depth = 1
  let found = ''
  let from = start
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[0].startsWith('#')) {
      found += text.slice(from, match.index)
      from = token.lastIndex
    }
    depth += match[0] === '(' ? 1 : match[0] === ')' ? -1 : 0
    if (depth === 0) return found + text.slice(from, match.index)
  }
  return found + text.slice(from)
}
