import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/*
 * Writing a document of tens of megabytes: entry by entry, so that it never stands in memory as one string, and
 * under another name until it is whole, so that nobody reads half of it.
 */

/** Characters that are collected before they are written. */
const chunkLength = 1 << 20

/** Writes `document` as JSON to `path`, which has the old content until it has all of the new. */
export async function writeJson(
  path: string,
  document: object,
  options: { readonly invocationId: string },
): Promise<void> {
  // Two commands at work in one folder must not write into each other's file.
  const unfinished = join(dirname(path), `.${basename(path)}.${options.invocationId}`)
  try {
    const file = await open(unfinished, 'w')
    try {
      for (const chunk of inChunks(jsonParts(document))) await file.writeFile(chunk)
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
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

function* inChunks(parts: Iterable<string>): Generator<string> {
  let chunk = ''
  for (const part of parts) {
    chunk += part
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
