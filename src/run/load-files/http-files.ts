import { randomUUID } from 'node:crypto'
import type { FileSource } from './file-source.ts'
import { type HttpAddress, httpAddress } from './http-address.ts'
import { askServer, type HttpEffects, HttpFailure, httpEffects, reasonOf } from './http-request.ts'
import type { Refuse } from './local-files.ts'
import { type ReadingOn, readOn } from './read-on.ts'

/*
 * A file of a web server. Where the connection breaks it is read on from there, if it is still the same file.
 */

/** What is known of the file before it is read. */
interface Listing {
  readonly sizeBytes?: number
  readonly version: string
}

/** The file that an address names. */
export function httpFiles(from: string, refuse: Refuse, effects: HttpEffects = httpEffects): FileSource {
  const address = httpAddress(from)
  if (!address) throw refuse('the address is none', 'write it as https://host/path/file.csv.gz')
  // A URL writes a brace in numbers, and leaves an asterisk as it is.
  if (/[*{]|%7b/i.test(address.shown))
    throw refuse(`${address.shown} has a pattern in it`, 'web servers list no files: name one')
  return {
    isLasting: true,
    list: async () => {
      const listing = await list(address, effects).catch((error: unknown) => {
        if (!(error instanceof HttpFailure)) throw error
        throw refuse(`${address.shown} cannot be read: ${error.message}`, 'nothing of it was loaded')
      })
      const open = (signal: AbortSignal) => {
        const ask = asking(address, listing, effects)
        return readOn({ ask, signal, stallMs: effects.stallMs, sleep: effects.sleep, reasonOf })
      }
      return [{ address: address.shown, ...listing, mayBeUnpacked: true, open }]
    },
  }
}

/** Some servers answer no HEAD, and addresses that are signed are so for one method only. */
const noHead = [400, 401, 403, 405, 501]

async function list(address: HttpAddress, effects: HttpEffects): Promise<Listing> {
  try {
    const { headers } = await askServer(address, { method: 'HEAD' }, effects)
    return listingOf(headers, headers.get('content-length'))
  } catch (error) {
    if (!(error instanceof HttpFailure) || !noHead.includes(error.status ?? 0)) throw error
  }
  const first = { method: 'GET', headers: { range: 'bytes=0-0' } } as const
  const { status, headers, body } = await askServer(address, first, effects)
  await body?.cancel()
  const range = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] ?? null
  return listingOf(headers, status === 206 ? range : headers.get('content-length'))
}

function listingOf(headers: Headers, size: string | null): Listing {
  // A version that is never the same has the file be read, and known by its checksum.
  const version = versionOf(headers) ?? `unknown ${randomUUID()}`
  return size === null || isPackedOnTheWay(headers) ? { version } : { version, sizeBytes: Number(size) }
}

/** Whether fetch unpacks what comes, so that its places and its size are others. */
function isPackedOnTheWay(headers: Headers): boolean {
  const encoding = headers.get('content-encoding')
  return encoding !== null && encoding !== 'identity'
}

function versionOf(headers: Headers): string | null {
  return headers.get('etag') ?? headers.get('last-modified')
}

/** Asks for the rest of a file, or for the whole where the server knows no ranges. */
function asking(address: HttpAddress, { version }: Listing, effects: HttpEffects): ReadingOn['ask'] {
  let isPacked = false
  return async (sofar, signal, brokenBy) => {
    // Of what is packed on the way a range is of the packed bytes: it is read again from the beginning.
    const headers: Record<string, string> = sofar > 0 && !isPacked ? { range: `bytes=${sofar}-` } : {}
    const response = await askServer(address, { method: 'GET', headers, signal }, effects)
    const found = versionOf(response.headers)
    const wasPacked = isPacked
    isPacked = isPackedOnTheWay(response.headers)
    const isOther = (found !== null && found !== version) || (sofar > 0 && isPacked !== wasPacked)
    if (!isOther && (sofar === 0 || found !== null)) {
      const bytes = (response.body ?? []) as AsyncIterable<Uint8Array>
      return { bytes, startsAt: response.status === 206 ? sofar : 0 }
    }
    await response.body?.cancel()
    throw new HttpFailure(
      isOther ? 'it has changed while it was read' : `the connection broke off: ${brokenBy}`,
      null,
    )
  }
}
