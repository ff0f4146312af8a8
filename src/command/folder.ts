// What lies in a folder, by a request's path: nothing outside it is opened, whatever the path says and wherever links lead.
import { type BigIntStats, constants, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'

export interface FoundFile {
  readonly handle: FileHandle
  readonly stats: BigIntStats
}

/** A file, opened, or the real path of a folder. */
export type Found = FoundFile | string

// Flags that Windows has not are nothing there.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** A file that is being replaced is looked for again. */
const ATTEMPTS = 3

export class Folder {
  private readonly root: string
  private readonly showsDotfiles: boolean

  /** @throws the file system's error where there is nothing at `path`, a TypeError where it is no folder */
  constructor(path: string, showsDotfiles: boolean) {
    const real = realpathSync(path)
    if (!statSync(real).isDirectory()) throw new TypeError(`not a folder: ${path}`)
    this.root = join(real, sep)
    this.showsDotfiles = showsDotfiles
  }

  /**
   * What these names lead to; '' at the end wants a folder.
   *
   * @throws the file system's error; ENOENT also for what is outside or hidden, and for what is neither file nor folder, which
   * is never opened
   */
  async find(names: readonly string[]): Promise<Found> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const path = await this.locate(names)
      const stats = await lstat(path)
      if (stats.isDirectory()) return path
      if (!stats.isFile() || names.at(-1) === '') break
      const file = await openFile(path)
      if (file) return file
    }
    throw absent()
  }

  /** The names in a folder that `find` has found that lead to something, those of folders with a '/' behind them. */
  async list(path: string): Promise<string[]> {
    const entries = await readdir(path, { withFileTypes: true })
    if ((await realpath(path)) !== path) throw absent()
    const shown = entries.map(async (entry) => {
      const { name } = entry
      if (!this.shows(name)) return ''
      const target = entry.isSymbolicLink() ? await this.target(join(path, name)) : entry
      return target?.isDirectory() ? `${name}/` : target?.isFile() ? name : ''
    })
    return (await Promise.all(shown)).filter(Boolean)
  }

  private async target(link: string) {
    try {
      return await lstat(await this.inside(link))
    } catch {
      return undefined
    }
  }

  // Links are followed here, once: from here on there are none in the path.
  private locate(names: readonly string[]): Promise<string> {
    if (!names.every((name) => this.shows(name))) throw absent()
    return this.inside(join(this.root, ...names))
  }

  private async inside(path: string): Promise<string> {
    const real = await realpath(path)
    const names = real.slice(this.root.length).split(sep)
    if ((real + sep).startsWith(this.root) && names.every((name) => this.shows(name))) return real
    throw absent()
  }

  private shows(name: string): boolean {
    return this.showsDotfiles || !name.startsWith('.')
  }
}

// Who may write in the folder may put a link, or another file, into the path after we have looked at it. So no link is
// followed at its end, nothing makes us wait, and what has been opened must then be what lies at a path without links.
async function openFile(path: string): Promise<FoundFile | undefined> {
  const handle = await open(path, FLAGS)
  try {
    const stats = await handle.stat({ bigint: true })
    if (stats.isFile() && isAt(path, handle.fd, stats)) return { handle, stats }
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  return undefined
}

// Linux knows the path of what is open. Elsewhere we look again; to deceive that, one would have to change a folder for a
// link and back again between two calls for which we do not even give up the thread.
function isAt(path: string, fd: number, { dev, ino }: BigIntStats): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === path
  } catch {
    const there = realpathSync.native(path) === path && lstatSync(path, { bigint: true })
    return there && there.ino === ino && there.dev === dev
  }
}

function absent(): Error {
  return Object.assign(new Error('nothing to be served'), { code: 'ENOENT' })
}
