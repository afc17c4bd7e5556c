import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/*
 * Writing a document of tens of megabytes: entry by entry, so that it never stands in memory as one string, and
 * under another name until it is whole, so that nobody reads half of it.
 */

/** Writes `document` as JSON to `path`, which has the old content until it has all of the new. */
export async function writeJson(
  path: string,
  document: object,
  options: { readonly invocationId: string },
): Promise<void> {
  // Two commands at work in one folder must not write into each other's file.
  const unfinished = join(dirname(path), `.${basename(path)}.${options.invocationId}`)
  try {
    const file = openSync(unfinished, 'w')
    try {
      writeParts(file, jsonParts(document))
    } finally {
      closeSync(file)
    }
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}

/** Bytes that are collected before they are written. */
const bufferBytes = 1 << 20

/** Joined as bytes: strings joined with `+` keep all of their pieces alive until the whole is written. */
function writeParts(file: number, parts: Iterable<string>): void {
  const buffer = Buffer.allocUnsafe(bufferBytes)
  let used = 0
  const flush = (): void => {
    writeWhole(file, buffer.subarray(0, used))
    used = 0
  }
  for (const part of parts) {
    // A character is at most three bytes of UTF-8.
    const most = part.length * 3
    if (used + most > bufferBytes) flush()
    if (most > bufferBytes) writeWhole(file, Buffer.from(part))
    else used += buffer.write(part, used)
  }
  flush()
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
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
