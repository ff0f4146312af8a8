// Where there is no file system.

/** @throws TypeError always */
export function basename(path: string): never {
  throw new TypeError(`there are no files here, and so no ${path}: give its bytes, a Blob or a stream`)
}

export { basename as fileSize, basename as openFile }
