/** The little that the build needs of Node; its own types would change those of timers in the pages. */
declare module 'node:zlib' {
  export function gzipSync(source: string | Uint8Array, options: { level: number }): Uint8Array;
}
