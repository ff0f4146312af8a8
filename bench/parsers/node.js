// The parser inside node:http, through the binding its server uses: native llhttp, which hands over the method's number,
// the target and a flat array of header strings. No IncomingMessage is made of them here.

const { HTTPParser } = process.binding('http_parser')

export const parsers = {
  array(_head, message) {
    let headers
    const parser = new HTTPParser()
    parser.initialize(HTTPParser.REQUEST, {})
    parser[HTTPParser.kOnHeadersComplete | 0] = (_major, _minor, received) => {
      headers = received
      return 0
    }
    parser[HTTPParser.kOnMessageComplete | 0] = () => {}
    const parse = (times) => {
      for (let i = 0; i < times; i++) {
        const consumed = parser.execute(message)
        if (consumed !== message.length) throw new Error(`Node's parser refuses the head: ${consumed}`)
      }
    }
    return { parse, fieldCount: () => headers.length / 2 }
  },
}
