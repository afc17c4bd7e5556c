import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What a line of a password file is compared with. */
export interface PassfileKey {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/**
 * The password of the first matching line `host:port:database:user:password`, where `*` matches anything and
 * `\` escapes. A socket folder counts as localhost.
 */
export function matchPassfile(text: string, key: PassfileKey): string | undefined {
  const host = key.host.startsWith('/') ? 'localhost' : key.host
  const wanted = [host, String(key.port), key.database, key.user]
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = splitLine(line)
    if (fields.length === 5 && wanted.every((value, i) => fields[i] === '*' || fields[i] === value))
      return fields[4]
  }
  return undefined
}

/** At the colons that no backslash stands before; those in the password need none. */
function splitLine(line: string): string[] {
  const fields = line.split(/(?<!(?<!\\)(?:\\\\)*\\):/)
  const [host, port, database, user, ...password] = fields
  const all = password.length > 0 ? [host, port, database, user, password.join(':')] : fields
  return all.map((field) => field!.replace(/\\(.)/g, '$1'))
}

/** Looks a password up in PGPASSFILE or ~/.pgpass, which psql ignores too when others can read it. */
export function readPassfile(
  env: Readonly<Record<string, string | undefined>>,
  key: PassfileKey,
): string | undefined {
  const path = env['PGPASSFILE'] || join(env['HOME'] || homedir(), '.pgpass')
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) return undefined
    return matchPassfile(readFileSync(path, 'utf8'), key)
  } catch {
    return undefined
  }
}
