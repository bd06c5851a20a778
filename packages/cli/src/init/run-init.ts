import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Arguments } from '../command-line/options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { editable, NotWritten, replaceFile } from '../fix/editable-file.ts'
import { unifiedPatch } from '../fix/unified-patch.ts'
import type { ExitCode, Io } from '../io.ts'
import { configStep } from './config-file.ts'
import { eslintSteps } from './eslint-config.ts'
import { scriptsStep } from './package-scripts.ts'
import type { Manifest, Step, Surroundings } from './step.ts'
import { workflowStep } from './workflow.ts'

/** `pooler-safe init`. */
export function runInit(given: Arguments, io: Io): Promise<ExitCode> {
  if (given.positionals.length > 0) {
    throw new UsageError('pooler-safe init takes no path.', 'Run it in the folder of the package.')
  }
  const around = look(io.cwd)
  const steps = [
    ...eslintSteps(around),
    configStep(around),
    scriptsStep(around),
    ...(given.value('ci') === 'github' ? [workflowStep(around)] : []),
  ]
  const isDry = given.has('dry-run')
  for (const step of steps) carryOut(step, around, io, isDry)
  const missing = missingPackages(around, steps)
  if (missing.length > 0) io.out(`\nStill to be installed:\n  ${addCommand(around)} ${missing.join(' ')}\n`)
  io.out('\nNext: pooler-safe audit, then pooler-safe fix --dry-run.\n')
  return Promise.resolve(steps.some(({ kind }) => kind === 'show') ? 1 : 0)
}

function look(cwd: string): Surroundings {
  const has = (name: string): boolean => existsSync(join(cwd, name))
  const read = (name: string): string => readFileSync(join(cwd, name), 'utf8').replace(/^\uFEFF/, '')
  if (!has('package.json')) {
    throw new UsageError(
      'There is no package.json in this folder.',
      'Run it where the package is, or make one with npm init.',
    )
  }
  return { cwd, has, read, manifest: readManifest(read('package.json')), packageManager: packageManagerOf(has) }
}

function readManifest(text: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(
      `package.json is no JSON: ${error instanceof Error ? error.message : String(error)}`,
      undefined,
      { cause: error },
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('package.json holds no object.')
  const { type, dependencies, devDependencies, scripts } = value as Readonly<Record<string, unknown>>
  const record = (one: unknown): Readonly<Record<string, unknown>> =>
    typeof one === 'object' && one !== null ? { ...one } : {}
  return {
    type: typeof type === 'string' ? type : undefined,
    dependencies: new Set([...Object.keys(record(dependencies)), ...Object.keys(record(devDependencies))]),
    scripts: record(scripts),
  }
}

function packageManagerOf(has: (name: string) => boolean): Surroundings['packageManager'] {
  if (has('pnpm-lock.yaml')) return 'pnpm'
  if (has('yarn.lock')) return 'yarn'
  return has('bun.lock') || has('bun.lockb') ? 'bun' : 'npm'
}

function addCommand({ packageManager }: Surroundings): string {
  return packageManager === 'npm' ? 'npm install --save-dev' : `${packageManager} add --dev`
}

function missingPackages({ manifest }: Surroundings, steps: readonly Step[]): readonly string[] {
  const wanted = ['@pooler-safe/cli', 'eslint-plugin-pooler-safe']
  const texts = steps.flatMap((step) => ('text' in step && step.file.startsWith('eslint.config') ? [step.text] : []))
  if (texts.length > 0) wanted.push('eslint')
  if (texts.some((text) => text.includes("from 'typescript-eslint'"))) wanted.push('typescript-eslint')
  return wanted.filter((name) => !manifest.dependencies.has(name))
}

function carryOut(step: Step, around: Surroundings, io: Io, isDry: boolean): void {
  const { file } = step
  switch (step.kind) {
    case 'keep':
      io.out(`${file}: unchanged, ${step.why}\n`)
      return
    case 'show':
      io.out(`${file}: put in by hand, because ${step.why}:\n${indented(step.text)}`)
      return
    case 'create':
      io.out(`${file}: ${isDry ? 'would be made' : 'made'}\n`)
      if (isDry) io.out(indented(step.text))
      else create(join(around.cwd, file), step.text)
      return
    case 'edit':
      io.out(`${file}: ${isDry ? 'would get' : 'got'} ${step.what}\n`)
      if (isDry) io.out(unifiedPatch({ name: file, before: around.read(file), after: step.text, remarks: [] }))
      else edit(join(around.cwd, file), step.text)
  }
}

function create(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    // Fails when somebody made the file meanwhile.
    writeFileSync(path, text, { flag: 'wx' })
  } catch (error) {
    throw new UsageError(
      `${path} could not be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
      undefined,
      { cause: error },
    )
  }
}

function edit(path: string, text: string): void {
  const file = editable(path, readFileSync(path))
  try {
    if ('refused' in file) throw new NotWritten(file.refused)
    replaceFile(file, text)
  } catch (error) {
    if (!(error instanceof NotWritten)) throw error
    throw new UsageError(`${path} could not be changed: ${error.message}.`, undefined, { cause: error })
  }
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ').replace(/\n?$/, '\n')
}
