import type { Readable } from 'node:stream'

/*
 * Loading files has three parts that know nothing of each other:
 *
 *   a source   where files are and how their bytes come: a folder, the standard input
 *   a format   bytes → chunks of whole records that COPY takes as they are
 *   a sink     chunks → the table: over several connections, with what is to become of bad rows
 */

/** One file that a source has. */
export interface SourceFile {
  /** Names it in the ledger and to people; the same in every run. */
  readonly address: string
  /** Undefined where only reading it tells. */
  readonly sizeBytes?: number
  /** What tells, without reading it, that it has not changed since it was loaded: a time, an etag. */
  readonly version: string
  /** Whether asking for it takes a way over the network. */
  readonly isRemote?: true
  /** Whether its bytes may have been unpacked on the way, whatever its name says. */
  readonly mayBeUnpacked?: true
  /** Its bytes from the beginning, as they lie there. */
  readonly open: (signal: AbortSignal) => Readable
  /** Waits until what was opened is closed again. */
  readonly close?: () => Promise<void>
}

/** Where files are. */
export interface FileSource {
  /** The files that there are, in the order of their addresses; throws a problem where there can be none. */
  readonly list: () => Promise<readonly SourceFile[]>
  /** Whether they can be listed without reading them, and read again: not so the standard input. */
  readonly isLasting: boolean
}

/** The values of the `name=value` folders on the way to a file; null where such a folder says that there is none. */
export function partitionsOf(address: string): ReadonlyMap<string, string | null> {
  const folders = address.split('/').slice(0, -1)
  return new Map(
    folders.flatMap((folder) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(folder) ?? []
      if (name === undefined) return []
      return [[name, value === '__HIVE_DEFAULT_PARTITION__' ? null : decoded(value!)] as const]
    }),
  )
}

/** Special characters of values are written as in addresses. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
