import type { Keep, Span } from '../../compile/cache/cache-index.ts'
import type { ManifestSections } from './manifest-artifact.ts'
import type { Output } from './whole-file.ts'
import { jsonParts } from './write-json.ts'

/*
 * The texts of a written manifest, kept so that the next one need be made anew only where something has changed. A
 * section that has an entry for each node is kept entry by entry, the others as one text.
 */

export interface ManifestImage {
  readonly sections: readonly ImageSection[]
}

export type ImageSection =
  | { readonly name: string; readonly text: Span }
  | {
      readonly name: string
      readonly keys: readonly string[]
      /** Where each entry begins and ends, its key included; -1 for one that was not kept. */
      readonly spans: readonly number[]
    }

/** The text to be kept of an entry instead of the one that is written, or null for none. */
export type KeptEntry = (section: string, key: string) => string | null | undefined

const between = ',\n'

/** Writes a manifest and keeps its texts. */
export function writeWithImage(
  out: Output,
  sections: ManifestSections,
  keep: Keep,
  keptEntry: KeptEntry = () => undefined,
): ManifestImage {
  const image: ImageSection[] = []
  out.write('{')
  let separator = ''
  for (const [name, section] of Object.entries(sections)) {
    out.write(`${separator}${JSON.stringify(name)}: `)
    separator = between
    if (typeof section === 'function') image.push(writeEntries(out, name, section(), keep, keptEntry))
    else {
      const text = [...jsonParts(section)].join('').trimEnd()
      out.write(text)
      if (name !== 'metadata') image.push({ name, text: keep(text) })
    }
  }
  out.write('}\n')
  return { sections: image }
}

function writeEntries(
  out: Output,
  name: string,
  entries: Iterable<readonly [string, unknown]>,
  keep: Keep,
  keptEntry: KeptEntry,
): ImageSection {
  const keys: string[] = []
  const spans: number[] = []
  out.write('{')
  for (const [key, entry] of entries) {
    const text = entryText(key, entry)
    if (keys.length > 0) out.write(between)
    out.write(text)
    keys.push(key)
    const other = keptEntry(name, key)
    if (other === null) spans.push(-1, -1)
    else {
      spans.push(...keep(other ?? text))
      keep(between)
    }
  }
  out.write('}')
  return { name, keys, spans }
}

/** The text of an entry with its key. */
export function entryText(key: string, entry: unknown): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(entry)}`
}

/** What is not as it was when the image was made. */
export interface ImageChanges {
  readonly metadata: unknown
  /** The texts of entries that are to be others, by section and key; those whose texts are not kept have to be there. */
  readonly entries: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** The keys of sections in which there are others, in their order. */
  readonly keys: ReadonlyMap<string, readonly string[]>
}

/** Writes a manifest from the texts of another one. */
export function writeFromImage(
  out: Output,
  { sections }: ManifestImage,
  bytes: Buffer,
  changes: ImageChanges,
): void {
  out.write(`{"metadata": ${JSON.stringify(changes.metadata)}`)
  for (const section of sections) {
    out.write(`${between}${JSON.stringify(section.name)}: `)
    if ('text' in section) out.write(bytes.subarray(...section.text))
    else {
      const { name, spans } = section
      const keys = changes.keys.get(name)
      const own = changes.entries.get(name) ?? new Map<string, string>()
      out.write('{')
      writeMixed(out, keys ?? section.keys, keys ? spansOf(section, keys) : spans, bytes, own)
      out.write('}')
    }
  }
  out.write('}\n')
}

/** Entries that stand side by side in the image are written at once. */
function writeMixed(
  out: Output,
  keys: readonly string[],
  spans: readonly number[],
  bytes: Buffer,
  own: ReadonlyMap<string, string>,
): void {
  let start = -1
  let end = -1
  let isFirst = true
  const put = (text: string | Buffer): void => {
    if (!isFirst) out.write(between)
    isFirst = false
    out.write(text)
  }
  const flush = (): void => {
    if (start >= 0) put(bytes.subarray(start, end))
    start = -1
  }
  keys.forEach((key, index) => {
    const text = own.get(key)
    const [from, to] = [spans[2 * index]!, spans[2 * index + 1]!]
    if (text !== undefined) {
      flush()
      put(text)
    } else if (start >= 0 && from === end + between.length) end = to
    else {
      flush()
      start = from
      end = to
    }
  })
  flush()
}

function spansOf(
  section: Extract<ImageSection, { readonly keys: unknown }>,
  keys: readonly string[],
): number[] {
  const places = new Map(section.keys.map((key, index) => [key, index]))
  return keys.flatMap((key) => {
    const index = places.get(key)
    return index === undefined ? [-1, -1] : [section.spans[2 * index]!, section.spans[2 * index + 1]!]
  })
}

/** The keys of entries whose texts were not kept, by section. */
export function missingEntries({ sections }: ManifestImage): ReadonlyMap<string, readonly string[]> {
  return new Map(
    sections.flatMap((section) => {
      if ('text' in section) return []
      const missing = section.keys.filter((_, index) => section.spans[2 * index] === -1)
      return missing.length > 0 ? [[section.name, missing] as const] : []
    }),
  )
}
