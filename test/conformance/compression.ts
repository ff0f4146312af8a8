// Sections 12 and 13: echoes under permessage-deflate (RFC 7692). Section 12 has five kinds of data in eighteen sizes,
// its windows taken over from message to message; section 13 the first kind with seven ways to agree on windows and on
// their takeover.
//
// The list sends a thousand messages a case. Here a case has as many as fill MESSAGE_BYTES, at least FEWEST and at most
// MOST: enough that each window is taken over several times, and slides where a message is longer than it. To play all:
//
//   CONFORMANCE_MESSAGES=1000 npx vitest run --testTimeout=600000 test/conformance
import type { SampleKind } from './sample-data.js'

export interface CompressionCase {
  number: string
  kind: SampleKind
  /** Of a message: characters where the kind is a text. */
  length: number
  /** The peer sends a message in frames of so many bytes; 0: in one. */
  fragment: number
  messages: number
  /** Our side must compress messages of so many bytes and more; smaller ones may come back as they are. */
  threshold: number
  agreement: AgreementCase
}

export interface AgreementCase {
  title: string
  /** What a peer that is a client offers. */
  offer: string
  /** Which parameters the answer of our server must have. */
  demanded: Partial<Record<Parameter, boolean | number>>
  /** What a peer that is a server answers to our client's offer. */
  answer: string
}

type Parameter =
  | 'serverNoContextTakeover'
  | 'serverMaxWindowBits'
  | 'clientNoContextTakeover'
  | 'clientMaxWindowBits'

const MESSAGE_BYTES = 128 * 1024
const FEWEST = 3
const MOST = 24

const lengths = [16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072]

const shapes: { length: number; fragment: number }[] = [
  ...lengths.map((length) => ({ length, fragment: 0 })),
  ...lengths.slice(5).map((length) => ({ length, fragment: 256 })),
  ...[1024, 4096, 32768].map((fragment) => ({ length: 131072, fragment })),
]

function messagesOf(length: number): number {
  const all = Number(process.env.CONFORMANCE_MESSAGES)
  return all || Math.min(MOST, Math.max(FEWEST, Math.floor(MESSAGE_BYTES / length)))
}

const BASE = 'permessage-deflate'
/** What the list's client says it could do, in every offer. */
const COULD = 'client_no_context_takeover; client_max_window_bits'

/** As browsers offer it. The list's own offer lets a server ask the client to forget: then nothing tests its memory. */
const takeover: AgreementCase = {
  title: 'the offer of browsers',
  offer: `${BASE}; client_max_window_bits`,
  demanded: { serverNoContextTakeover: false, clientNoContextTakeover: false },
  answer: BASE,
}

const agreements: AgreementCase[] = [
  { title: 'the plain offer', offer: `${BASE}; ${COULD}`, demanded: {}, answer: BASE },
  {
    title: 'no takeover',
    offer: `${BASE}; ${COULD}; server_no_context_takeover`,
    demanded: { serverNoContextTakeover: true },
    answer: `${BASE}; client_no_context_takeover`,
  },
  {
    title: 'windows of 512 bytes',
    offer: `${BASE}; ${COULD}; server_max_window_bits=9`,
    demanded: { serverMaxWindowBits: 9 },
    answer: `${BASE}; client_max_window_bits=9`,
  },
  {
    title: 'windows of 32 KiB',
    offer: `${BASE}; ${COULD}; server_max_window_bits=15`,
    demanded: { serverMaxWindowBits: 15 },
    answer: `${BASE}; client_max_window_bits=15`,
  },
  {
    title: 'windows of 512 bytes and no takeover',
    offer: `${BASE}; ${COULD}; server_no_context_takeover; server_max_window_bits=9`,
    demanded: { serverNoContextTakeover: true, serverMaxWindowBits: 9 },
    answer: `${BASE}; client_no_context_takeover; client_max_window_bits=9`,
  },
  {
    title: 'windows of 32 KiB and no takeover',
    offer: `${BASE}; ${COULD}; server_no_context_takeover; server_max_window_bits=15`,
    demanded: { serverNoContextTakeover: true, serverMaxWindowBits: 15 },
    answer: `${BASE}; client_no_context_takeover; client_max_window_bits=15`,
  },
  {
    title: 'the first of three offers',
    offer: [
      `${BASE}; ${COULD}; server_no_context_takeover; server_max_window_bits=9`,
      `${BASE}; ${COULD}; server_no_context_takeover`,
      `${BASE}; ${COULD}`,
    ].join(', '),
    demanded: { serverNoContextTakeover: true, serverMaxWindowBits: 9 },
    answer: `${BASE}; client_no_context_takeover; client_max_window_bits=9`,
  },
]

type Common = Pick<CompressionCase, 'kind' | 'threshold' | 'agreement'>

function cases(section: string, common: Common): CompressionCase[] {
  return shapes.map(({ length, fragment }, index) => {
    return { number: `${section}.${index + 1}`, length, fragment, messages: messagesOf(length), ...common }
  })
}

const kinds: SampleKind[] = ['json', 'picture', 'prose', 'html', 'compressed file']

/** Of the option `compression`. */
export const DEFAULT_THRESHOLD = 1024

export const compression: CompressionCase[] = [
  ...kinds.flatMap((kind, index) =>
    cases(`12.${index + 1}`, { kind, threshold: DEFAULT_THRESHOLD, agreement: takeover }),
  ),
  ...agreements.flatMap((agreement, index) =>
    cases(`13.${index + 1}`, { kind: 'json', threshold: 0, agreement }),
  ),
]

export function titleOf({ kind, length, fragment, messages, agreement }: CompressionCase): string {
  const how = fragment > 0 ? ` in fragments of ${fragment} bytes` : ''
  return `echoes ${messages} messages of ${kind}, ${length} long${how}, by ${agreement.title}`
}
