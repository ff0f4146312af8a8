// Files in workerd: where nodejs_compat brings node:fs, which shows the worker's own modules in /bundle.
import { filesOver } from './files-over.js'
import * as none from './no-files.js'

const builtin = globalThis.process?.getBuiltinModule
const fs = builtin?.('fs')

export const { basename } = fs ? builtin('path') : none
export const { fileSize, openFile } = fs ? filesOver(fs) : none
