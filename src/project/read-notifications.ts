import type { z } from 'zod'
import type { Dag, NotificationOccasion, NotificationTarget } from '../core/dag.ts'
import { templateExpressions } from '../core/dag-template.ts'
import { quotedList } from '../core/did-you-mean.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import { checkYamlPart } from './check-yaml.ts'
import { type DagYaml, notificationSchemas } from './dag-schema.ts'
import { entriesOf } from './read-dag-triggers.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * Who is told what has become of a run. Addresses that are secrets by themselves, passwords and tokens stand in the
 * environment; a file names the variable.
 */

type Kind = keyof typeof notificationSchemas
const kinds = Object.keys(notificationSchemas) as Kind[]

/** The targets of a DAG by occasion. */
export function readNotifications(
  document: YamlDocument,
  yaml: DagYaml,
  problems: Problem[],
): Dag['notifications'] {
  const targetsOf = (occasion: NotificationOccasion): NotificationTarget[] =>
    entriesOf([occasion], yaml[occasion]).flatMap(
      ([path, entry]) => readTarget(document, path, entry, problems) ?? [],
    )
  return {
    on_failure: targetsOf('on_failure'),
    on_success: targetsOf('on_success'),
    on_sla_miss: targetsOf('on_sla_miss'),
  }
}

function readTarget(
  document: YamlDocument,
  path: YamlPath,
  entry: unknown,
  problems: Problem[],
): NotificationTarget | null {
  const keys = typeof entry === 'object' && entry !== null ? Object.keys(entry) : []
  const found = kinds.filter((kind) => keys.includes(kind))
  const [kind] = found
  if (kind === undefined || found.length > 1) {
    problems.push(
      yamlProblem(document, path, 'it does not say whom to tell', {
        hint: `write one of ${quotedList(kinds)}, as in '- slack: "{{ env_var('SLACK_WEBHOOK_URL') }}"'`,
      }),
    )
    return null
  }
  const count = problems.length
  const target = targetOf(document, path, kind, entry, problems)
  if (target) checkSecrets(document, path, target, problems)
  return problems.length === count ? target : null
}

function targetOf(
  document: YamlDocument,
  path: YamlPath,
  kind: Kind,
  entry: unknown,
  problems: Problem[],
): NotificationTarget | null {
  const check = <T>(schema: z.ZodType<T>) => checkYamlPart(document, path, entry, schema, problems, 'error')
  switch (kind) {
    case 'slack': {
      const yaml = check(notificationSchemas.slack)
      return yaml && { kind, url: yaml.slack, channel: yaml.channel ?? null }
    }
    case 'webhook': {
      const yaml = check(notificationSchemas.webhook)
      return yaml && { kind, url: yaml.webhook, headers: yaml.headers ?? {} }
    }
    case 'email': {
      const yaml = check(notificationSchemas.email)
      const to = yaml && (typeof yaml.email === 'string' ? [yaml.email] : yaml.email)
      return yaml && to && { kind, to, from: yaml.from, smtp: yaml.smtp }
    }
  }
}

const secretHeader = /auth|token|secret|key|cookie|password/i

function checkSecrets(
  document: YamlDocument,
  path: YamlPath,
  target: NotificationTarget,
  problems: Problem[],
): void {
  // Without the line, which may hold the secret and is not to be printed.
  const refuse = (key: string, message: string, hint: string) =>
    problems.push(makeProblem('yaml-invalid', message, { place: document.placeOf([...path, key]), hint }))
  const mustBeVariable = (key: string, what: string, text: string) => {
    if (!templateExpressions(text).some(({ kind }) => kind === 'env_var'))
      refuse(
        key,
        `${what} must come from {{ env_var('…') }}: secrets stand in no file`,
        `the variable is read when there is something to tell`,
      )
  }
  const texts: [key: string, text: string][] = []
  if (target.kind === 'slack') {
    mustBeVariable('slack', 'the address of a Slack webhook', target.url)
    texts.push(['slack', target.url])
  } else if (target.kind === 'webhook') {
    if (/^\w+:\/\/[^/{]*:[^/{]*@/.test(target.url)) mustBeVariable('webhook', 'a password', target.url)
    for (const [name, value] of Object.entries(target.headers)) {
      if (secretHeader.test(name)) mustBeVariable('headers', `the header ${name}`, value)
      texts.push(['headers', value])
    }
    texts.push(['webhook', target.url])
    if (!/^(https?:\/\/|\{\{)/.test(target.url.trim()))
      refuse('webhook', 'it is no address', 'an address begins with https:// or http://')
  } else {
    mustBeVariable('smtp', 'the address of a mail server', target.smtp)
    texts.push(['smtp', target.smtp])
    for (const address of [...target.to, target.from])
      if (!/@|\{\{/.test(address))
        refuse('email', `'${address}' is no address of e-mail`, 'as in team@example.org')
  }
  for (const [key, text] of texts)
    for (const expression of templateExpressions(text))
      if (expression.kind !== 'env_var')
        refuse(
          key,
          `'${key}' may hold {{ env_var('…') }} and no other template`,
          'what the run did stands in the message by itself',
        )
}
