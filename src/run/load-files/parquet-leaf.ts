import type { AsyncBuffer, ColumnMetaData, DecodedArray, SchemaTree } from 'hyparquet'
import { parquetHeader, readPage } from 'hyparquet/src/column.js'
import { convert } from 'hyparquet/src/convert.js'
import { isFlatColumn } from 'hyparquet/src/schema.js'
import type { ColumnDecoder } from 'hyparquet/src/types.js'

/*
 * A group of rows holds the values of one column after the other, each in pages. They are read here page by page, so
 * that what is in memory is a page of each column and not a group of rows, which some programs make of a million.
 */

/** Values of the rows of one column (or of one part of a nested one), as many as there are at a time. */
export interface ParquetLeaf {
  readonly path: readonly string[]
  /** Rows that are there to be taken. */
  readonly available: number
  /** Reads on until there is at least one; throws where the column is at its end. */
  fill(): Promise<void>
  /** Takes so many of those that are there. */
  take(rows: number): ArrayLike<unknown>
}

export type LeafOptions = Pick<ColumnDecoder, 'parsers' | 'compressors' | 'utf8'>

/** How much is read at once, where pages are smaller. */
const windowBytes = 64 * 1024

/** Begins to read the values of a column within a group of rows. */
export function parquetLeaf(
  file: AsyncBuffer,
  metadata: ColumnMetaData,
  schemaPath: SchemaTree[],
  options: LeafOptions,
): ParquetLeaf {
  const { path_in_schema: path } = metadata
  const decoder: ColumnDecoder = {
    ...{ pathInSchema: path, element: schemaPath.at(-1)!.element, schemaPath },
    ...metadata,
    ...options,
  }
  const isFlat = isFlatColumn(schemaPath)
  const pages = pagesOf(file, metadata)
  let dictionary: DecodedArray | undefined
  let [rows, taken]: [DecodedArray, number] = [[], 0]
  let hasEnded = false
  // What is repeated may go on in the next page: the last row is whole only when there is another, or none.
  const available = () => Math.max(0, rows.length - taken - (isFlat || hasEnded ? 0 : 1))

  function add(page: Page): void {
    const { header, reader } = page
    if (header.type === 'DICTIONARY_PAGE') {
      const { data } = readPage(reader, header, decoder, undefined, undefined, 0)
      dictionary = data && convert(data, decoder)
      return
    }
    const rest = isFlat ? [] : Array.from(rows.slice(taken))
    const { data = [] } = readPage(reader, header, decoder, dictionary, isFlat ? undefined : rest, 0)
    // Where nothing is repeated or missing the values come as they are, without those before.
    rows = isFlat || data === rest || rest.length === 0 ? data : [...rest, ...(data as unknown[])]
    taken = 0
  }

  return {
    path,
    get available() {
      return available()
    },
    async fill() {
      while (available() === 0) {
        const page = hasEnded ? null : await pages.next()
        if (page) add(page)
        else if (hasEnded) throw new Error(`${path.join('.')} has fewer rows than its group`)
        else hasEnded = true
      }
    },
    take(count) {
      const from = taken
      taken += count
      return rows.slice(from, taken)
    },
  }
}

interface Page {
  readonly header: ReturnType<typeof parquetHeader>
  /** Stands where the contents of the page begin. */
  readonly reader: { readonly view: DataView; offset: number }
}

/** The pages of a column within a group of rows, one after the other. */
function pagesOf(file: AsyncBuffer, metadata: ColumnMetaData) {
  const { dictionary_page_offset: dictionary, data_page_offset: data, total_compressed_size: size } = metadata
  let at = Number(dictionary || data)
  const end = at + Number(size)
  let window = { start: at, view: new DataView(new ArrayBuffer(0)) }

  /** Bytes from where we are, at least so many, unless the column ends before. */
  async function bytes(least: number): Promise<DataView> {
    const wanted = Math.min(least, end - at)
    const { start, view } = window
    if (start + view.byteLength - at < wanted) {
      const read = await file.slice(at, Math.min(end, at + Math.max(wanted, windowBytes)))
      window = { start: at, view: new DataView(read) }
    }
    const from = at - window.start
    return new DataView(window.view.buffer, from, window.view.byteLength - from)
  }

  async function header(least: number): Promise<{ header: Page['header']; headerBytes: number }> {
    const view = await bytes(least)
    const reader = { view, offset: 0 }
    try {
      return { header: parquetHeader(reader), headerBytes: reader.offset }
    } catch (error) {
      // Statistics may make it long.
      if (!(error instanceof RangeError) || view.byteLength >= end - at) throw error
      return header(view.byteLength * 2)
    }
  }

  return {
    async next(): Promise<Page | null> {
      if (at >= end - 1) return null
      const found = await header(1)
      const length = found.headerBytes + found.header.compressed_page_size
      const view = await bytes(length)
      if (view.byteLength < length) throw new Error('a page goes beyond its column')
      at += length
      return { header: found.header, reader: { view, offset: found.headerBytes } }
    },
  }
}
