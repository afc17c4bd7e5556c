import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { embeddedError } from './embedded-problem.ts'

/*
 * PostgreSQL refuses to run as root, and refuses users that have no passwd entry. When the parent is root
 * the server therefore runs as somebody else.
 */

export interface RunUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The entries of a passwd file. macOS writes the ids of `nobody` as negative numbers. */
export function parsePasswd(text: string): RunUser[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4 && fields[2] !== '')
    .map(([name, , uid, gid]) => ({ name: name!, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }))
}

/** The owner of the project if that is not root, else postgres, nobody, or whoever there is. */
export function chooseRunUser(users: readonly RunUser[], projectOwner: number): RunUser | undefined {
  const candidates = users.filter((user) => user.uid !== 0)
  const named = (name: string) => candidates.find((user) => user.name === name)
  return (
    candidates.find((user) => user.uid === projectOwner) ??
    named('postgres') ??
    named('_postgres') ??
    named('nobody') ??
    candidates[0]
  )
}

/** Whom to run the server as: nobody special unless we are root. The owner of existing data stays its owner. */
export async function findRunUser(root: string, dataDir: string | undefined): Promise<RunUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8').catch(() => ''))
  const owner = dataDir ? (await stat(dataDir)).uid : undefined
  const user =
    owner === undefined
      ? chooseRunUser(users, (await stat(root)).uid)
      : users.find((candidate) => candidate.uid === owner && owner !== 0)
  if (user) return user
  throw embeddedError(
    owner === undefined
      ? 'PostgreSQL does not run as root, and /etc/passwd has no other user'
      : `the embedded database belongs to user id ${owner}, who is not in /etc/passwd`,
    owner === undefined
      ? 'add a user (useradd postgres) or set DATABASE_URL to use a server of your own'
      : 'add that user, or remove the folder .estimand to begin anew',
  )
}

/** Whether a user may walk down to a folder, judged by the mode bits of everything above it. */
export async function canReach(user: RunUser, path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const { uid, gid, mode } = await stat(folder)
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (folder === dirname(folder)) return true
  }
}
