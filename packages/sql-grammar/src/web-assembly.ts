/** What this package uses of the `WebAssembly` global, which TypeScript declares only together with the whole DOM. */

/** A compiled module; only made and passed on. */
export type WasmModule = object

/** Linear memory; `buffer` is a new one after every growth. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** The functions that C code calls through pointers. */
export interface WasmTable {
  get(index: number): unknown
}

interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal }).WebAssembly
