/** What init does about one file. */
export type Step =
  | { readonly kind: 'create'; readonly file: string; readonly text: string }
  | { readonly kind: 'edit'; readonly file: string; readonly text: string; readonly what: string }
  | { readonly kind: 'keep'; readonly file: string; readonly why: string }
  /** To be put in by hand. */
  | { readonly kind: 'show'; readonly file: string; readonly why: string; readonly text: string }

/** What stands in the folder. */
export interface Surroundings {
  readonly cwd: string
  readonly manifest: Manifest
  readonly packageManager: 'npm' | 'pnpm' | 'yarn' | 'bun'
  /** Names in the folder. */
  readonly has: (name: string) => boolean
  readonly read: (name: string) => string
}

export interface Manifest {
  readonly type: string | undefined
  readonly dependencies: ReadonlySet<string>
  readonly scripts: Readonly<Record<string, unknown>>
}
