import busboy from 'busboy'
import { readersWith } from './busboy-like.js'

export const { readFields, readFile } = readersWith(busboy)
