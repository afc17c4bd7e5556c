import type { Target } from '../core/manifest.ts'

/** How to reach a server, resolved from the target, DATABASE_URL, the environment or the embedded server. */
export interface Connection {
  readonly target: Target
  /** A function, so that printing or serialising a connection never shows the password. */
  readonly password?: () => string
  /** As libpq's sslmode. */
  readonly sslMode: SslMode
  readonly sslRootCert?: string
  readonly sslCert?: string
  readonly sslKey?: string
  /** The role that sessions take on once they are connected. */
  readonly role?: string
  readonly searchPath?: string
  /** How long connecting may take where nobody asks for less. */
  readonly connectTimeoutMs?: number
  /** How long a connection may be idle before the system asks whether the other side is still there. */
  readonly keepAliveIdleMs?: number
  /** How often connecting is tried again when the server cannot be reached. */
  readonly retries?: number
  /** What connections are called in pg_stat_activity, instead of what the command says. */
  readonly applicationName?: string
}

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]
