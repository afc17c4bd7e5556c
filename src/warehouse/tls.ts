import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type pg from 'pg'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { Connection, SslMode } from './connection.ts'

/*
 * Encryption as libpq has it, so that what works with psql works here. In which order connections are tried:
 *
 *   disable  plain               require      encrypted
 *   allow    plain, encrypted    verify-ca    encrypted, by a certificate that a root in sslrootcert vouches for
 *   prefer   encrypted, plain    verify-full  the same, and made out to the host
 *
 * The second is tried where the server has no encryption, does not take this user with or without it, or where
 * the handshake fails. A file of roots that is there is made use of in every mode. Through a socket of this
 * machine nothing is encrypted, whatever the mode says.
 */

/** What pg takes as `ssl`. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean
  readonly secureContext: SecureContext
  readonly checkServerIdentity?: () => undefined
}

/** The handshake came to nothing: the certificate, the versions or the line. */
export class TlsFailure extends Error {
  readonly code: string

  constructor(cause: Error & { readonly code?: string }) {
    super(cause.message, { cause })
    this.name = 'TlsFailure'
    this.code = cause.code ?? ''
  }
}

/** Whether each of the connections to be tried, in this order, is encrypted. */
export function encryptionsToTry({ sslMode, target }: Connection): readonly boolean[] {
  if (target.host.startsWith('/')) return [false]
  if (sslMode === 'prefer') return [true, false]
  if (sslMode === 'allow') return [false, true]
  return [sslMode !== 'disable']
}

/** Whether an attempt failed in a way that the other kind of connection may not. */
export function isAboutEncryption(error: unknown): boolean {
  if (error instanceof TlsFailure) return true
  // 28000: no line of pg_hba.conf for this user with, or without, encryption.
  return (error as { code?: string }).code === '28000' || isPlainServer(error)
}

/** Whether the server does not encrypt at all. */
export function isPlainServer(error: unknown): boolean {
  return (error as Error).message === 'The server does not support SSL connections'
}

/** The roots that come with Node. */
export const systemRoots = 'system'

/** Reads the certificates of a connection; what is not as libpq would take it is a problem. */
export function readTlsOptions(connection: Connection): TlsOptions {
  const { sslMode, sslRootCert } = connection
  const strict = sslMode === 'verify-ca' || sslMode === 'verify-full'
  const hasRoots = sslRootCert !== undefined && sslRootCert !== systemRoots && existsSync(sslRootCert)
  if (strict && !hasRoots && sslRootCert !== systemRoots) throw noRoots(sslMode, sslRootCert)
  return {
    rejectUnauthorized: strict || hasRoots,
    secureContext: makeContext(connection, hasRoots),
    // Only verify-full compares the name in the certificate with the host.
    ...(sslMode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  }
}

function makeContext({ sslRootCert, sslCert, sslKey }: Connection, hasRoots: boolean): SecureContext {
  // A certificate that is not there is not sent: the server says whether it wants one.
  const hasCert = sslCert !== undefined && existsSync(sslCert)
  if (hasCert && !(sslKey && existsSync(sslKey))) {
    throw invalid(`there is no private key for the certificate ${sslCert}`, 'name its file in sslkey')
  }
  try {
    return createSecureContext({
      ...(hasRoots && { ca: readFileSync(sslRootCert!, 'utf8') }),
      ...(hasCert && { cert: readFileSync(sslCert, 'utf8'), key: readFileSync(sslKey!, 'utf8') }),
    })
  } catch (cause) {
    const files = [hasRoots && sslRootCert, hasCert && sslCert, hasCert && sslKey].filter(Boolean).join(', ')
    const reason = (cause as Error).message
    throw invalid(`cannot use ${files}: ${reason}`, 'they are read as PEM, keys without a passphrase', cause)
  }
}

/** A mode that says nothing is as strict as the roots of the system can be; a weaker one has no use for them. */
export function checkSystemRoots(mode: SslMode, rootCert: string | undefined): void {
  if (rootCert !== systemRoots || mode === 'verify-full') return
  throw invalid(`sslmode "${mode}" is too weak for sslrootcert=system`, 'use sslmode=verify-full')
}

/** Where libpq looks for a file that nobody names; undefined where there is none. */
export function defaultTlsFile(
  name: 'root.crt' | 'postgresql.crt' | 'postgresql.key',
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const path = join(env['HOME'] || homedir(), '.postgresql', name)
  return existsSync(path) ? path : undefined
}

/** What an attempt failed with; told apart from the rest where it was the handshake that failed. */
export function namedTlsFailure(error: unknown, client: pg.Client, isSecured: boolean): unknown {
  const { stream } = (client as unknown as { connection: { stream: unknown } }).connection
  const inHandshake = stream instanceof TLSSocket && !isSecured
  if (!inHandshake || !(error instanceof Error) || error.message.includes('timeout expired')) return error
  return new TlsFailure(error)
}

function noRoots(mode: SslMode, named: string | undefined): ProblemError {
  const what = named === undefined ? 'needs a file of root certificates' : `finds no file ${named}`
  const hint =
    'name the certificate of your authority in sslrootcert (or put it in ~/.postgresql/root.crt);\n' +
    'for a certificate of a public authority: sslmode=verify-full and sslrootcert=system'
  return invalid(`sslmode "${mode}" ${what}`, hint)
}

function invalid(message: string, hint: string, cause?: unknown): ProblemError {
  return new ProblemError(makeProblem('config-invalid', message, { hint }), { cause })
}
