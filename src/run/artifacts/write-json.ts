import { writeWholeFile } from './whole-file.ts'

/** Writes `document` as JSON to `path`, which has the old content until it has all of the new. */
export async function writeJson(
  path: string,
  document: object,
  options: { readonly invocationId: string },
): Promise<void> {
  writeWholeFile(path, options.invocationId, (out) => {
    for (const part of jsonParts(document)) out.write(part)
  })
}
/** The JSON of a document in parts: each entry of each of its sections is one. A function makes its entries. */
export function* jsonParts(document: object): Generator<string> {
  yield '{'
  let separator = ''
  for (const [key, section] of Object.entries(document)) {
    if (section === undefined) continue
    yield `${separator}${JSON.stringify(key)}: `
    yield* sectionParts(section)
    separator = ',\n'
  }
  yield '}\n'
}

function* sectionParts(section: unknown): Generator<string> {
  if (typeof section === 'function') yield* objectParts(section())
  else if (Array.isArray(section)) yield* arrayParts(section)
  else if (typeof section === 'object' && section !== null) yield* objectParts(Object.entries(section))
  else yield JSON.stringify(section)
}

function* objectParts(entries: Iterable<readonly [string, unknown]>): Generator<string> {
  yield '{'
  let separator = ''
  for (const [key, entry] of entries) {
    const json: string | undefined = JSON.stringify(entry)
    if (json === undefined) continue
    yield `${separator}${JSON.stringify(key)}: ${json}`
    separator = ',\n'
  }
  yield '}'
}

function* arrayParts(elements: readonly unknown[]): Generator<string> {
  yield '['
  let separator = ''
  for (const element of elements) {
    yield `${separator}${JSON.stringify(element) ?? 'null'}`
    separator = ',\n'
  }
  yield ']'
}
