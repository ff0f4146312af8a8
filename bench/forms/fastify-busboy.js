import { Busboy } from '@fastify/busboy'
import { readersWith } from './busboy-like.js'

export const { readFields, readFile } = readersWith((options) => new Busboy(options))
