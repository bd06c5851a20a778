import { hazard, hazardDocsUrl, type HazardId } from '@pooler-safe/hazards'
import { oxlintConfig } from '../src/configs.ts'
import plugin from '../src/index.ts'
import { ruleNames, type RuleName } from '../src/analysis/finding.ts'
import { rules } from '../src/rules.ts'
import { ruleTexts } from './rule-texts.ts'

const note = '<!-- Made by packages/eslint-plugin/scripts/generate-docs.ts: edit scripts/rule-texts.ts there. -->'

/** Every file that is made from the rules, by its path in the repository. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const name of ruleNames) files.set(`docs/rules/${name}.md`, rulePage(name))
  files.set('docs/rules/README.md', index())
  files.set('packages/eslint-plugin/oxlint.json', `${JSON.stringify(oxlintConfig(), null, 2)}\n`)
  return files
}

function rulePage(name: RuleName): string {
  const { meta } = rules[name]
  const text = ruleTexts[name]
  const hazards = Object.keys(meta?.messages ?? {}).filter(isHazard)
  const parts = [
    note,
    `# ${name}`,
    `${meta?.docs?.description ?? ''}. ${presetsOf(name)}`,
    '## Problem',
    text.problem,
    '## Bad',
    ...text.bad.map(block),
    '## Good',
    ...text.good.map(block),
  ]
  if (hazards.length > 0) parts.push('## Why', ...hazards.map(why), '## Poolers', ...hazards.map(poolers))
  const options = optionsOf(name)
  if (options) parts.push('## Options', options)
  if (text.exceptions) parts.push('## Exceptions', text.exceptions)
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function isHazard(id: string): id is HazardId {
  try {
    return hazard(id as HazardId).id === id
  } catch {
    return false
  }
}

function why(id: HazardId): string {
  const { summary, title } = hazard(id)
  return `**[${title}](../../${hazardDocsUrl(id)}).** ${summary}`
}

function poolers(id: HazardId): string {
  const { behaviour, title } = hazard(id)
  if (behaviour.length === 0) return ''
  const rows = behaviour.map(
    ({ evidence, note: remark, outcome, pooler, versions }) =>
      `| ${pooler}${versions ? ` (${versions})` : ''} | ${outcome} | ${evidence} | ${(remark ?? '').replaceAll('|', '\\|')} |`,
  )
  return `${title}:\n\n| pooler | outcome | how known | remarks |\n| --- | --- | --- | --- |\n${rows.join('\n')}`
}

function optionsOf(name: RuleName): string {
  const [schema] = (rules[name].meta?.schema ?? []) as { properties?: Record<string, { description?: string }> }[]
  const properties = Object.entries(schema?.properties ?? {})
  return properties.map(([key, { description = '' }]) => `- \`${key}\`: ${description}`).join('\n')
}

function presetsOf(name: RuleName): string {
  const level = (preset: 'recommended' | 'strict'): string => {
    const entry = plugin.configs[preset].rules?.[`pooler-safe/${name}`]
    return String(Array.isArray(entry) ? entry[0] : (entry ?? 'off'))
  }
  return `In \`recommended\`: ${level('recommended')}; in \`strict\`: ${level('strict')}.`
}

function index(): string {
  const rows = ruleNames.map((name) => {
    const { meta } = rules[name]
    return `| [${name}](${name}.md) | ${meta?.docs?.description ?? ''} | ${presetsOf(name).replace(/^In `recommended`: (\w+); in `strict`: (\w+)\.$/, '$1 | $2')} |`
  })
  return `${note}\n\n# Rules\n\n| rule | what it does | recommended | strict |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

function block(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``
}
