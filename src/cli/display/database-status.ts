import type { EmbeddedStatus } from '../../warehouse/index.ts'
import { formatBytes, formatDuration } from './numbers.ts'

/** What `estimand db status` says. */
export function statusLines(status: EmbeddedStatus, show: (path: string) => string): string[] {
  if (status.state === 'missing') {
    return ['there is no embedded database yet; estimand db start, or any command that needs one, makes it']
  }
  const data = row('data', `${show(status.dataDir)}, ${formatBytes(status.dataBytes)}`)
  if (status.state === 'stopped') return ['stopped', data]
  const { connections, pid, port, uptimeSeconds, version } = status
  return [
    `running for ${formatDuration(uptimeSeconds * 1000)}`,
    row('server', `PostgreSQL ${version} on port ${port}, process ${pid}`),
    data,
    row('log', show(status.logFile)),
    row(
      'clients',
      connections.length === 0 ? 'none' : connections.map(({ application }) => application).join(', '),
    ),
  ]
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(8)} ${text}`
}
