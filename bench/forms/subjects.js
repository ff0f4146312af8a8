// What the form benchmark measures: for each subject its inputs, who is measured on them, and which function of theirs;
// FILE, where it is not the candidate's name, has their code.

import { fieldsInputs, fileInputs, formInputs, queryInputs } from './inputs.js'
import { encode, multipartEncode, multipartFields, multipartFile, parse } from './tasks.js'

const httpkit = { httpkit: 'httpkit-wasm' }
const queryCodecs = {
  ...httpkit,
  querystring: 'node:querystring',
  'url-search-params': 'URLSearchParams',
  qs: 'qs',
  'fast-querystring': 'fast-querystring',
}
const multipartReaders = {
  ...httpkit,
  busboy: 'busboy',
  'fastify-busboy': '@fastify/busboy',
  formidable: 'formidable, MultipartParser',
}

const ns = { name: 'ns', digits: 0, of: (ns) => ns }
const microseconds = { name: 'µs', digits: 1, of: (ns) => ns / 1000 }

export const subjects = {
  parse: {
    title: 'queries, read',
    noun: 'query',
    unit: ns,
    inputs: queryInputs,
    task: parse,
    code: 'parse',
    candidates: queryCodecs,
  },
  encode: {
    title: 'queries, written',
    noun: 'query',
    unit: ns,
    inputs: queryInputs,
    task: encode,
    code: 'encode',
    candidates: queryCodecs,
  },
  'multipart-file': {
    title: 'form-data, one file of 256 MiB read',
    noun: 'file',
    unit: { name: 'GB/s', digits: 2, of: (ns, { size }) => size / ns },
    inputs: fileInputs,
    task: multipartFile,
    code: 'readFile',
    candidates: multipartReaders,
  },
  'multipart-fields': {
    title: 'form-data, 100 fields read',
    noun: 'form',
    unit: microseconds,
    inputs: fieldsInputs,
    task: multipartFields,
    code: 'readFields',
    candidates: { ...multipartReaders, undici: 'undici, Response.formData' },
  },
  'multipart-encode': {
    title: 'form-data, written',
    noun: 'form',
    unit: microseconds,
    inputs: formInputs,
    task: multipartEncode,
    code: 'writeForm',
    candidates: { ...httpkit, 'form-data': 'form-data', undici: 'undici, FormData' },
  },
}
