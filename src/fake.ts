// httpkit-wasm/fake: to test code that uses the client.
export {
  type FakeAnswer,
  type FakeMatcher,
  type FakeResponse,
  type FakeRoutes,
  withFakeHttp,
} from './client/with-fake-http.js'
