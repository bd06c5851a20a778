import { lstat, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { DemoError } from './demo-error.ts'

/** What is expected of the job that measures a file. */
export type FileRole =
  /** Is there, and is measured at the first attempt. */
  | 'regular'
  /** Arrives after the first attempt has failed. */
  | 'late'
  /** Never arrives: the job fails for good. */
  | 'missing'

export interface InputFile {
  /** As people read it. */
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly role: FileRole
}

const mostFiles = 10_000

/**
 * The regular files below a folder, sorted by name. Links are not followed; hidden entries and `node_modules` are left out.
 *
 * @throws DemoError when there is no such folder, nothing in it, or more than 10,000 files
 */
export async function findFiles(folder: string): Promise<InputFile[]> {
  const kind = await lstat(folder).catch(() => undefined)
  if (!kind) throw new DemoError(`There is no folder ${folder}: give --folder the path of one.`)
  const files: InputFile[] = []
  const waiting = [folder]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await entriesOf(next)) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      const path = join(next, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      if (!entry.isFile()) continue
      files.push({ name: relative(folder, path).split(sep).join('/'), path, role: 'regular' })
      if (files.length > mostFiles) {
        throw new DemoError(
          `${folder} holds more than ${mostFiles.toLocaleString('en')} files: give --folder a smaller one.`,
        )
      }
    }
  }
  if (files.length === 0) throw new DemoError(`${folder} holds no files: give --folder one that does.`)
  return files.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') throw new DemoError(`${folder} is a file: give --folder the path of a folder.`)
    throw new DemoError(`${folder} cannot be read (${code ?? 'unknown'}): give --folder another one.`)
  }
}

/**
 * The two files that are not there when their jobs are queued, in a folder of their own.
 *
 * The late one stands for what another program delivers: the list of the folder's files.
 */
export class Deliveries implements AsyncDisposable {
  readonly late: InputFile
  readonly missing: InputFile
  readonly #folder: string
  #delivery: Promise<void> | undefined

  private constructor(folder: string) {
    this.#folder = folder
    this.late = { name: 'deliveries/late.txt', path: join(folder, 'late.txt'), role: 'late' }
    this.missing = { name: 'deliveries/never.txt', path: join(folder, 'never.txt'), role: 'missing' }
  }

  static async prepare(): Promise<Deliveries> {
    return new Deliveries(await mkdtemp(join(tmpdir(), `pooler-safe-demo-${process.pid}-`)))
  }

  /** Delivers the late file: it appears as a whole. May be called more than once. */
  deliver(files: readonly InputFile[]): Promise<void> {
    return (this.#delivery ??= this.#write(files.map(({ name }) => `${name}\n`).join('')))
  }

  async #write(content: string): Promise<void> {
    const partial = `${this.late.path}.partial`
    await writeFile(partial, content)
    await rename(partial, this.late.path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#delivery?.catch(() => undefined)
    await rm(this.#folder, { recursive: true, force: true })
  }
}
