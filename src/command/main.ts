#!/usr/bin/env node
// `httpkit-wasm serve`: a handler, or a folder, on a port.
