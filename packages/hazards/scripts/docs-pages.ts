import { catalogue, hazardDocsUrl } from '../src/catalogue/catalogue.ts'
import type { Alternative, Hazard, PoolerBehaviour, PoolerName } from '../src/catalogue/entry.ts'
import { hazardGroups, type HazardGroup, type Severity } from '../src/hazard.ts'
import { poolers } from '../src/poolers.ts'

const poolerTitles: Readonly<Record<PoolerName, string>> = { ...poolers, any: 'any' }

const severityTitles: Readonly<Record<Severity, string>> = {
  leak: 'leak between clients',
  loss: 'loss or corruption of data',
  wrong: 'wrong behaviour without an error',
  hang: 'hang',
  error: 'error',
  perf: 'slowness',
}

const generated = '<!-- Made by packages/hazards/scripts/generate-docs.ts from the catalogue: edit that. -->'

/** Every page of the catalogue: its path in the repository, and its text. */
export function docsPages(): ReadonlyMap<string, string> {
  const pages = new Map([['docs/hazards/README.md', indexPage()]])
  for (const entry of catalogue) pages.set(hazardDocsUrl(entry.id), hazardPage(entry))
  return pages
}

function indexPage(): string {
  const lines = [
    generated,
    '',
    '# Hazards',
    '',
    'What breaks, leaks or gets lost behind a transaction-mode pooler, and what to write instead. Each page says what was',
    'measured on which version, and what is only known from source, documentation or reports.',
  ]
  for (const group of Object.keys(hazardGroups) as HazardGroup[]) {
    lines.push(
      '',
      `## ${group}. ${hazardGroups[group]}`,
      '',
      '| code | hazard | worst outcome |',
      '| --- | --- | --- |',
    )
    for (const { code, id, title, severity } of catalogue.filter((entry) => entry.group === group)) {
      lines.push(`| ${code} | [${title}](${id}.md) (\`${id}\`) | ${severityTitles[severity]} |`)
    }
  }
  return `${lines.join('\n')}\n`
}

function hazardPage(entry: Hazard): string {
  const lines = [
    generated,
    '',
    `# ${entry.title}`,
    '',
    `\`${entry.id}\` (${entry.code}, ${hazardGroups[entry.group]}). Worst outcome: **${severityTitles[entry.severity]}**.`,
    '',
    entry.summary,
    '',
    '## What to do',
  ]
  for (const alternative of entry.alternatives) lines.push(...alternativeLines(alternative))
  if (entry.symptoms.length > 0) {
    lines.push('', '## Symptoms', '', '| SQLSTATE | message (regular expression) |', '| --- | --- |')
    for (const { pattern, sqlState } of entry.symptoms) {
      lines.push(`| ${sqlState ?? ''} | \`${cell(pattern)}\` |`)
    }
  }
  lines.push('', '## Poolers', '', '| pooler | outcome | how known | remarks |', '| --- | --- | --- | --- |')
  for (const behaviour of entry.behaviour) lines.push(behaviourRow(behaviour))
  lines.push('', '## Detection', '', `Can be seen in: ${entry.detectedBy.join(', ')}.`)
  lines.push('', '## Evidence', '', ...entry.evidence.map((reference) => `- ${link(reference)}`))
  return `${lines.join('\n')}\n`
}

function alternativeLines({ language, bad, good, note, context }: Alternative): readonly string[] {
  const where =
    context === undefined ? '' : `, ${context.bound === true ? 'with bound values' : `in a ${context.mode}`}`
  const lines = ['', note]
  if (bad !== undefined) lines.push('', `Not this${where}:`, '', `\`\`\`${language}`, bad, '```')
  if (good !== undefined)
    lines.push('', bad === undefined ? 'Like this:' : 'But this:', '', `\`\`\`${language}`, good, '```')
  return lines
}

function behaviourRow({ pooler, versions, outcome, note, evidence }: PoolerBehaviour): string {
  const name = versions === undefined ? poolerTitles[pooler] : `${poolerTitles[pooler]} ${versions}`
  return `| ${cell(name)} | ${outcome} | ${evidence} | ${cell(note ?? '')} |`
}

/** Escapes what would end a cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function link(reference: string): string {
  const issue = /^([\w.-]+\/[\w.-]+)#(\d+)$/.exec(reference)
  if (issue) return `[${reference}](https://github.com/${issue[1] ?? ''}/issues/${issue[2] ?? ''})`
  if (/^CVE-\d{4}-\d+$/.test(reference)) return `[${reference}](https://www.cve.org/CVERecord?id=${reference})`
  return reference
}
