// Which charset a text is in: byte order mark, then the charset parameter, then what an HTML or XML text says of itself.
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { get } from '../../src/client.js'
import { record } from '../support/recording-server.js'

type Bytes = string | Uint8Array

async function textOf(type: string | undefined, ...parts: Bytes[]): Promise<unknown> {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  )
  const { url } = await record(() => ({ headers: type === undefined ? {} : { 'Content-Type': type }, body }))
  const response = await get(url, { as: 'text' })
  expect(response.error).toBeUndefined()
  return response.body
}

const shiftJis = Buffer.from([0x93, 0xfa, 0x96, 0x7b]) // 日本
const gb18030 = Buffer.from([0xd6, 0xd0, 0xce, 0xc4, 0x94, 0x39, 0xda, 0x33]) // 中文💩
const utf8 = Buffer.from('日本é')

describe('the charset parameter', () => {
  it.each<[string, Uint8Array, string]>([
    ['utf-8', utf8, '日本é'],
    ['UTF-8', utf8, '日本é'],
    ['utf8', utf8, '日本é'],
    ['iso-8859-1', Buffer.from([0xe9, 0x41]), 'éA'],
    ['latin1', Buffer.from([0xe9, 0x41]), 'éA'],
    ['us-ascii', Buffer.from('abc'), 'abc'],
    ['windows-1252', Buffer.from([0x80, 0xe9]), '€é'],
    ['iso-8859-15', Buffer.from([0xa4]), '€'],
    ['koi8-r', Buffer.from([0xc1]), 'а'],
    ['shift_jis', shiftJis, '日本'],
    ['Shift_JIS', shiftJis, '日本'],
    ['euc-jp', Buffer.from([0xc6, 0xfc]), '日'],
    ['gb18030', gb18030, '中文💩'],
    ['gb2312', gb18030.subarray(0, 4), '中文'],
    ['big5', Buffer.from([0xa4, 0xa4]), '中'],
    ['utf-16le', Buffer.from('日é', 'utf16le'), '日é'],
    ['utf-16', Buffer.from('日é', 'utf16le'), '日é'],
    ['utf-16be', Buffer.from('日é', 'utf16le').swap16(), '日é'],
  ])('%s is read', async (charset, bytes, wanted) => {
    expect(await textOf(`text/plain; charset=${charset}`, bytes)).toBe(wanted)
    expect(await textOf(`application/octet-stream; charset=${charset}`, bytes)).toBe(wanted)
  })

  it.each([
    'text/plain;charset=shift_jis',
    'text/plain; charset="shift_jis"',
    'text/plain; CHARSET=Shift_JIS',
    'text/plain; format=flowed; charset=shift_jis',
    'text/plain; charset=shift_jis; format=flowed',
    'text/plain ;  charset=shift_jis',
    'text/plain; a="b; charset=utf-8"; charset=shift_jis',
    'text/plain; charset="shift\\_jis"',
  ])('is found in %s', async (type) => {
    expect(await textOf(type, shiftJis)).toBe('日本')
  })

  it.each(['', 'x-unheard-of', '"', '""', 'utf-8é', 'none', '__proto__', 'utf-7'])(
    'that is unknown, %j, is UTF-8',
    async (charset) => {
      expect(await textOf(`text/plain; charset=${charset}`, utf8)).toBe('日本é')
    },
  )

  it('that is not there is UTF-8', async () => {
    expect(await textOf('text/plain', utf8)).toBe('日本é')
    expect(await textOf('text/plain; xcharset=shift_jis', utf8)).toBe('日本é')
    expect(await textOf(undefined, utf8)).toBe('日本é')
  })

  it('of JSON is UTF-8 where nothing is said', async () => {
    expect(await textOf('application/json', '{"a":"', utf8, '"}')).toBe('{"a":"日本é"}')
  })
})

describe('bytes that are no text in the charset', () => {
  it('are replaced', async () => {
    expect(await textOf('text/plain', Buffer.from([0x61, 0xff, 0x62]))).toBe('a\ufffdb')
  })

  it('are replaced at the end, too', async () => {
    expect(await textOf('text/plain', Buffer.from([0x61, 0xe2, 0x82]))).toBe('a\ufffd')
    expect(await textOf('text/plain; charset=shift_jis', Buffer.from([0x61, 0x93]))).toBe('a\ufffd')
  })
})

describe('a byte order mark', () => {
  const marks: [string, Buffer, Buffer][] = [
    ['UTF-8', Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('日é')],
    ['UTF-16LE', Buffer.from([0xff, 0xfe]), Buffer.from('日é', 'utf16le')],
    ['UTF-16BE', Buffer.from([0xfe, 0xff]), Buffer.from('日é', 'utf16le').swap16()],
  ]

  it.each(marks)('of %s says it, and is dropped', async (_, mark, text) => {
    expect(await textOf('text/plain', mark, text)).toBe('日é')
    expect(await textOf('application/json', mark, text)).toBe('日é')
    expect(await textOf(undefined, mark, text)).toBe('日é')
  })

  it.each(marks)('of %s beats the charset parameter', async (_, mark, text) => {
    for (const charset of ['utf-8', 'latin1', 'shift_jis', 'utf-16le', 'utf-16be', 'x-unheard-of']) {
      expect(await textOf(`text/plain; charset=${charset}`, mark, text)).toBe('日é')
    }
  })

  it.each(marks)('of %s beats what the text says', async (_, mark, text) => {
    expect(await textOf('text/html', mark, text)).toBe('日é')
    const meta = '<meta charset=shift_jis>'
    if (mark.length === 3) expect(await textOf('text/html', mark, meta, text)).toBe(`${meta}日é`)
  })

  it('alone is an empty text', async () => {
    for (const [, mark] of marks) expect(await textOf('text/plain', mark)).toBe('')
  })

  it('is dropped once, and only at the begin', async () => {
    const mark = Buffer.from([0xef, 0xbb, 0xbf])
    expect(await textOf('text/plain', mark, mark, 'a', mark)).toBe('\ufeffa\ufeff')
  })

  it('that is not whole is none', async () => {
    expect(await textOf('text/plain; charset=latin1', Buffer.from([0xef, 0xbb]))).toBe('ï»')
    expect(await textOf('text/plain; charset=latin1', Buffer.from([0xff]))).toBe('ÿ')
  })
})

describe('a meta element', () => {
  it.each([
    '<meta charset=shift_jis>',
    '<meta charset="shift_jis">',
    "<meta charset='Shift_JIS'>",
    '<META CHARSET="SHIFT_JIS"/>',
    '<meta charset = "shift_jis" >',
    '<meta\n\tcharset="shift_jis">',
    '<meta name="x" charset="shift_jis">',
    '<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">',
    "<META HTTP-EQUIV='content-type' CONTENT='text/html;charset=Shift_JIS'>",
    '<meta content="text/html; charset=shift_jis" http-equiv=Content-Type />',
    '<!DOCTYPE html><html><head><title>x</title><meta charset="shift_jis">',
  ])('says it: %s', async (meta) => {
    expect(await textOf('text/html', meta, shiftJis)).toBe(`${meta}日本`)
  })

  it.each(['text/html', 'TEXT/HTML; a=b', 'application/xhtml+xml'])('says it in %s', async (type) => {
    const meta = '<meta charset="shift_jis">'
    expect(await textOf(type, meta, shiftJis)).toBe(`${meta}日本`)
  })

  it.each([undefined, 'text/plain', 'application/json', 'text/css', 'application/octet-stream'])(
    'says nothing in %s',
    async (type) => {
      expect(await textOf(type, '<meta charset="shift_jis">', utf8)).toBe('<meta charset="shift_jis">日本é')
    },
  )

  it('is found within the first 1024 bytes', async () => {
    const meta = '<meta charset="shift_jis">'
    const filler = '<!-- '.padEnd(1024 - meta.length - 4, 'x').concat('-->')
    expect(filler.length + meta.length).toBeLessThanOrEqual(1024)
    expect(await textOf('text/html', filler, meta, shiftJis)).toBe(`${filler}${meta}日本`)
  })

  it('is not looked for behind them', async () => {
    const filler = ' '.repeat(1024)
    expect(await textOf('text/html', filler, '<meta charset="shift_jis">', utf8)).toMatch(/日本é$/)
  })

  it('is weaker than the charset parameter', async () => {
    const meta = '<meta charset="shift_jis">'
    expect(await textOf('text/html; charset=utf-8', meta, utf8)).toBe(`${meta}日本é`)
  })

  it.each(['x-unheard-of', '', 'utf-8'])('that says %j means UTF-8', async (charset) => {
    const meta = `<meta charset="${charset}">`
    expect(await textOf('text/html', meta, utf8)).toBe(`${meta}日本é`)
  })

  it('that says UTF-16 means UTF-8, or it could not have been read (HTML Standard)', async () => {
    const meta = '<meta charset="utf-16le">'
    expect(await textOf('text/html', meta, utf8)).toBe(`${meta}日本é`)
  })

  it('of another name says nothing', async () => {
    for (const element of [
      '<metadata charset="shift_jis">',
      '<p charset="shift_jis">',
      '<meta name="charset" content="shift_jis">',
    ]) {
      expect(await textOf('text/html', element, utf8)).toBe(`${element}日本é`)
    }
  })
})

describe('an XML declaration', () => {
  const declaration = '<?xml version="1.0" encoding="Shift_JIS"?>'

  it.each([
    'application/xml',
    'text/xml',
    'application/atom+xml',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/html',
  ])('says it in %s', async (type) => {
    expect(await textOf(type, declaration, '<a>', shiftJis, '</a>')).toBe(`${declaration}<a>日本</a>`)
  })

  it.each([
    "<?xml version='1.0' encoding='shift_jis' standalone='yes'?>",
    '<?xml version="1.0"\n encoding = "shift_jis" ?>',
    '<?xml encoding="shift_jis"?>',
  ])('may be written as %s', async (one) => {
    expect(await textOf('application/xml', one, shiftJis)).toBe(`${one}日本`)
  })

  it('is weaker than the charset parameter', async () => {
    expect(await textOf('application/xml; charset=utf-8', declaration, utf8)).toBe(`${declaration}日本é`)
  })

  it('says nothing elsewhere', async () => {
    expect(await textOf('text/plain', declaration, utf8)).toBe(`${declaration}日本é`)
    expect(await textOf('application/xml', ' <a/>', declaration, utf8)).toMatch(/日本é$/)
  })

  it('without an encoding means UTF-8', async () => {
    const plain = '<?xml version="1.0"?>'
    expect(await textOf('application/xml', plain, utf8)).toBe(`${plain}日本é`)
  })
})

describe('a text', () => {
  it.each<[string, string, Buffer, string]>([
    ['shift_jis', 'text/plain; charset=shift_jis', shiftJis, '日本'],
    ['gb18030', 'text/plain; charset=gb18030', gb18030, '中文💩'],
    [
      'UTF-16 by its mark',
      'text/plain',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('日é😀', 'utf16le')]),
      '日é😀',
    ],
    [
      'a meta element',
      'text/html',
      Buffer.concat([Buffer.from('<meta charset=shift_jis>'), shiftJis]),
      '<meta charset=shift_jis>日本',
    ],
    [
      'an XML declaration',
      'text/xml',
      Buffer.concat([Buffer.from('<?xml encoding="gb18030"?>'), gb18030]),
      '<?xml encoding="gb18030"?>中文💩',
    ],
  ])('may come byte by byte: %s', async (_, type, bytes, wanted) => {
    const { url } = await record(() => ({
      headers: { 'Content-Type': type },
      body: Array.from(bytes, (byte) => Buffer.from([byte])),
    }))
    expect((await get(url)).body).toBe(wanted)
  })

  it('may be compressed', async () => {
    const body = gzipSync(Buffer.concat([Buffer.from('<meta charset=shift_jis>'), shiftJis]))
    const { url } = await record(() => ({
      headers: { 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' },
      body,
    }))
    expect((await get(url)).body).toBe('<meta charset=shift_jis>日本')
  })

  it('that is long is looked at as quickly as it comes', async () => {
    const hostile = `<meta ${'charset '.repeat(120)}`
    const long = hostile + '<meta '.repeat(200_000)
    expect(await textOf('text/html', long)).toBe(long)
  })
})
