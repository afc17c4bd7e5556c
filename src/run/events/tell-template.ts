import type { EventName } from '../../core/events/event-names.ts'
import type { EventStream } from '../../core/events/event-stream.ts'
import type { TemplateVoice } from '../../core/run-event.ts'

const names = {
  info: 'JinjaLogInfo',
  debug: 'JinjaLogDebug',
  print: 'PrintEvent',
} as const satisfies Record<TemplateVoice, EventName>

/** Tells what a template says, under dbt's name for the way in which it says it. */
export function tellTemplate(msg: string, voice: TemplateVoice, stream: EventStream): void {
  stream.tell({ name: names[voice], level: voice === 'debug' ? 'debug' : 'info', msg, data: { msg } })
}
