// Files, where there is node:fs.
import * as fs from 'node:fs'
import { filesOver } from './files-over.js'

export { basename } from 'node:path'
export const { fileSize, openFile } = filesOver(fs)
