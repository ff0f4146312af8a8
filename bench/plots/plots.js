// What is drawn of each subject's results: which readings, less being better for all of them, and what of, where there are
// several.

const cpu = { cpuEach: '' }
const time = { ns: '' }

export const plots = {
  server: { title: 'Server CPU per request', readings: cpu },
  client: { title: 'Client CPU per request', readings: cpu },
  parser: { title: 'Reading a request head', readings: time },
  websocket: { title: 'Server CPU per WebSocket message', readings: cpu },
  hub: { title: 'One message to 5,000 WebSockets', readings: { cpuEach: 'CPU', p99: 'delay' } },
  codecs: { title: 'Queries and form-data, read and written', readings: time },
  frames: { title: 'WebSocket frames and UTF-8', readings: time },
  runtimes: { title: 'The same core in every runtime', readings: { ns: '', µs: '' } },
  idle: { title: 'Memory of an idle connection', readings: { each: '' } },
  'websocket-10k': {
    title: 'Ten thousand WebSockets',
    readings: { each: 'memory', eachAfter: 'memory', ms: 'delay', cpuEach: 'CPU' },
  },
  metrics: { title: 'What metrics cost the server', readings: cpu },
  fuzz: { title: 'Reading the seeds of the fuzzer', readings: time, omits: ['from-nothing'] },
}
