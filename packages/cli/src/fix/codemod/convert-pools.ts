import { createProject, type Edit, type Node, type Settings, type Variable } from 'eslint-plugin-pooler-safe/analysis'
import { readSource } from '../../audit/read-source.ts'
import { ModuleSyntaxError } from '../../audit/parse-module.ts'
import { applyEdits } from '../apply-edits.ts'
import { parsesAsBefore } from '../fix-text.ts'
import { convertPgUses, declare, outermost } from './convert-pg.ts'
import { convertPostgresUses } from './convert-postgres.ts'
import { handlesOf, usesOf, type Handle } from './handles.ts'
import { importsOf, mayImport } from './importers.ts'
import { importOfWrapper } from './imports.ts'
import { ModuleFacts } from './module-facts.ts'
import { mapPgOptions, mapPostgresOptions } from './options.ts'
import type { Proposal } from './proposal.ts'

export interface ConvertedFile {
  readonly text: string
  readonly done: readonly string[]
  readonly proposals: readonly Proposal[]
  /** What has to be done by hand. */
  readonly remarks: readonly string[]
}

export interface Conversion {
  /** The files that may be changed. */
  readonly texts: ReadonlyMap<string, string>
  /** Other files of the project, which may import a pool. */
  readonly others: readonly string[]
  readonly settings: Settings
  readonly nameOf: (path: string) => string
  /** Whether what is proven is done; otherwise only proposals are made. */
  readonly applies: boolean
}

interface Draft {
  readonly facts: ModuleFacts
  readonly edits: Edit[]
  readonly via: Set<Variable>
  needsWrapper: boolean
  readonly done: string[]
  readonly proposals: Proposal[]
  readonly remarks: string[]
}

/** Stands for the name of `createDatabase` until the imports are known. */
const wrapper = '\u0000createDatabase'

/** Rewrites pools of `pg` and postgres.js to databases of pooler-safe, as far as the code shows that it means the same. */
export function convertPools({
  texts,
  others,
  settings,
  nameOf,
  applies,
}: Conversion): ReadonlyMap<string, ConvertedFile> {
  const project = createProject()
  const known = new Map<string, ModuleFacts | undefined>()
  const drafts = new Map<string, Draft>()

  for (const [path, text] of texts) {
    if (!/\.(?:[cm]?[jt]s|[jt]sx)$/.test(path) || !/['"](?:pg|postgres|pooler-safe)['"]/.test(text)) continue
    const facts = factsOf(path, text)
    if (!facts) continue
    const { handles, loose } = handlesOf(facts)
    // Two pools of one file keep their names apart by keeping them.
    const mayRename = handles.length === 1 && !facts.mentions('db')
    for (const handle of handles) convert(handle, mayRename)
    for (const { node, name } of loose)
      draftOf(facts).remarks.push(`${at(facts, node)}: \`${name}\` is not kept in a constant: convert it by hand`)
  }
  return new Map([...drafts].map(([path, draft]) => [path, finish(draft)]))

  function factsOf(path: string, text: string): ModuleFacts | undefined {
    if (known.has(path)) return known.get(path)
    let facts: ModuleFacts | undefined
    try {
      facts = new ModuleFacts(path, text, settings, project)
    } catch (error) {
      // The look for findings says so.
      if (!(error instanceof ModuleSyntaxError || error instanceof RangeError)) throw error
    }
    known.set(path, facts)
    return facts
  }

  function draftOf(facts: ModuleFacts): Draft {
    const draft = drafts.get(facts.path) ?? {
      facts,
      edits: [],
      via: new Set(),
      needsWrapper: false,
      done: [],
      proposals: [],
      remarks: [],
    }
    drafts.set(facts.path, draft)
    return draft
  }

  function at(facts: ModuleFacts, node: Node): string {
    return `${nameOf(facts.path)}:${String(facts.line(node))}`
  }

  function convert(handle: Handle, mayRename: boolean): void {
    const importers = handle.exported === undefined ? [] : importersOf(handle, handle.exported)
    const places = [{ facts: handle.facts, uses: usesOf(handle.variable), name: handle.variable.name }]
    const problems: string[] = []
    for (const { facts, found } of importers) {
      if ('problem' in found) problems.push(`${nameOf(facts.path)}: it ${found.problem}`)
      else if (!texts.has(facts.path))
        problems.push(`${nameOf(facts.path)} imports it, and is not among the given files`)
      else places.push({ facts, uses: usesOf(found.variable), name: found.variable.name })
    }
    if (handle.kind === 'pg') convertPg(handle, places, problems, mayRename)
    else if (handle.kind === 'postgres.js') convertPostgres(handle, places, problems, mayRename)
    else for (const place of places) convertBlocks(place)
  }

  function convertBlocks({ facts, uses, name }: Place): void {
    const found = convertPgUses(uses, name, facts, true)
    const draft = draftOf(facts)
    draft.proposals.push(...found.proposals)
    draft.remarks.push(...found.remarks.map((remark) => `${nameOf(facts.path)} ${remark}`))
    if (found.edits.length === 0) return
    draft.edits.push(...outermost(found.edits))
    draft.done.push(...found.done)
  }

  function convertPg(handle: Handle, places: readonly Place[], problems: readonly string[], mayRename: boolean): void {
    const { declarator, facts, made, via } = handle
    const draft = draftOf(facts)
    const options = mapPgOptions(made.arguments ?? [], facts)
    if ('problem' in options) {
      draft.remarks.push(`${at(facts, made)}: the pool stays: ${options.problem}`)
      return
    }
    // Whoever imports it elsewhere goes on with the API of `pg`, guarded.
    const staysPool = problems.length > 0
    const name = staysPool || handle.exported !== undefined || !mayRename ? handle.variable.name : 'db'
    const edits = new Map<ModuleFacts, Edit[]>([
      [facts, [...declare(declarator, made, name, `${wrapper}(${options.source})${staysPool ? '.pool' : ''}`)]],
    ])
    const done = new Map<ModuleFacts, readonly string[]>()
    if (!staysPool) {
      for (const place of places) {
        const to = place.facts === facts ? name : place.name
        const uses = convertPgUses(place.uses, to, place.facts)
        edits.set(place.facts, [...(edits.get(place.facts) ?? []), ...uses.edits])
        done.set(place.facts, uses.done)
      }
    }
    if (options.doubts.length > 0) {
      propose(draft, handle, edits.get(facts) ?? [], options.doubts)
      return
    }
    for (const [own, list] of edits) draftOf(own).edits.push(...outermost(list))
    const why = staysPool ? `().pool, because ${problems.join('; ')}` : ''
    draft.done.push(`line ${String(facts.line(made))}: new Pool to createDatabase${why}`)
    for (const [own, what] of done) draftOf(own).done.push(...what)
    draft.needsWrapper = true
    if (via) draft.via.add(via)
  }

  function convertPostgres(
    handle: Handle,
    places: readonly Place[],
    others: readonly string[],
    mayRename: boolean,
  ): void {
    const { declarator, facts, made, via } = handle
    const draft = draftOf(facts)
    const options = mapPostgresOptions(made.arguments ?? [], facts)
    const problems = [...('problem' in options ? [options.problem] : []), ...others]
    const name = handle.exported !== undefined || !mayRename ? handle.variable.name : 'db'
    const edits = new Map<ModuleFacts, Edit[]>()
    const doubts: string[] = 'problem' in options ? [] : [...options.doubts]
    for (const place of places) {
      const converted = convertPostgresUses(place.uses, place.facts === facts ? name : place.name, place.facts)
      edits.set(place.facts, [...converted.edits])
      doubts.push(...converted.doubts)
      problems.push(...converted.problems)
    }
    if (problems.length > 0 || 'problem' in options) {
      draft.remarks.push(
        `${at(facts, made)}: \`${handle.variable.name}\` stays with postgres.js: ${problems.join('; ')}`,
      )
      return
    }
    edits.set(facts, [...declare(declarator, made, name, `${wrapper}(${options.source})`), ...(edits.get(facts) ?? [])])
    if (doubts.length > 0) {
      propose(draft, handle, edits.get(facts) ?? [], doubts)
      return
    }
    for (const [own, list] of edits) draftOf(own).edits.push(...outermost(list))
    draft.done.push(`line ${String(facts.line(made))}: postgres to createDatabase`)
    draft.needsWrapper = true
    if (via) draft.via.add(via)
  }

  /** All of a file's part at once, with its import. */
  function propose(
    draft: Draft,
    { facts, made, via, exported }: Handle,
    edits: readonly Edit[],
    doubts: readonly string[],
  ): void {
    const what = `${facts.source(made.callee ?? made)} to createDatabase`
    if (exported !== undefined) {
      draft.remarks.push(`${at(facts, made)}: ${what}: not done because ${doubts.join('; ')}`)
      return
    }
    const own = outermost(edits)
    const imported = importOfWrapper(facts, via ? [via] : [], own)
    const named = own.map((edit) => ({ ...edit, text: edit.text.replaceAll(wrapper, imported.name) }))
    draft.proposals.push({
      line: facts.line(made),
      title: what,
      reason: doubts.join('; '),
      edits: [...named, ...imported.edits],
    })
  }

  function importersOf(handle: Handle, name: string) {
    const target = handle.facts.path
    const found: { readonly facts: ModuleFacts; readonly found: ReturnType<typeof importsOf>[number] }[] = []
    const look = (path: string, text: string): void => {
      if (path === target || !/\.(?:[cm]?[jt]s|[jt]sx)$/.test(path) || !mayImport(text, target)) return
      const facts = factsOf(path, text)
      if (facts) found.push(...importsOf(facts, target, name).map((one) => ({ facts, found: one })))
    }
    for (const [path, text] of texts) look(path, text)
    for (const path of others) {
      const source = readSource(path)
      if ('text' in source) look(path, source.text)
    }
    return found
  }

  function finish({ facts, edits, via, needsWrapper, done, proposals, remarks }: Draft): ConvertedFile {
    const base = { text: facts.text, done: [], proposals, remarks }
    if (!applies || edits.length === 0) return base
    const imported = needsWrapper ? importOfWrapper(facts, [...via], edits) : { name: '', edits: [] }
    const lineEnd = facts.text.includes('\r\n') ? '\r\n' : '\n'
    const named = [...edits, ...imported.edits].map((edit) => ({
      ...edit,
      text: edit.text.replaceAll(wrapper, imported.name).replace(/\r?\n/g, lineEnd),
    }))
    const text = applyEdits(facts.text, named)
    if (!parsesAsBefore(facts.path, facts.text, text)) {
      return {
        ...base,
        remarks: [...remarks, `${nameOf(facts.path)}: the result of the codemod would not parse, and is left away`],
      }
    }
    return { text, done, proposals, remarks }
  }
}

interface Place {
  readonly facts: ModuleFacts
  readonly uses: readonly Node[]
  readonly name: string
}
