declare module 'html-encoding-sniffer' {
  interface SniffOptions {
    readonly xml?: boolean
    readonly transportLayerEncodingLabel?: string
    readonly defaultEncoding?: string
  }
  /** The name of the encoding by the WHATWG's standard. */
  export default function sniffEncoding(bytes: Uint8Array, options?: SniffOptions): string
}
