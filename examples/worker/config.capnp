# workerd's configuration: one worker on one socket, with one kind of Durable Object.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ ( name = "examples", worker = .examples ) ],
  sockets = [ ( name = "http", address = "*:8090", http = (), service = "examples" ) ],
);

const examples :Workerd.Worker = (
  compatibilityDate = "2026-04-01",
  compatibilityFlags = [ "nodejs_compat" ],  # node:crypto, node:timers, and node:fs with the modules below in /bundle

  modules = [
    ( name = "worker.js", esModule = embed "bundle/worker.js" ),  # written by bundle.js
    ( name = "core.wasm", wasm = embed "../../build/core.wasm" ),

    # The pages that the handlers send, each where it is as seen from examples/.
    ( name = "page.css", text = embed "../page.css" ),
    ( name = "index/page.css", text = embed "../index/page.css" ),
    ( name = "chat/page.html", text = embed "../chat/page.html" ),
    ( name = "chat/page.css", text = embed "../chat/page.css" ),
    ( name = "chat/page.js", text = embed "../chat/page.js" ),
    ( name = "upload/page.html", text = embed "../upload/page.html" ),
    ( name = "upload/page.css", text = embed "../upload/page.css" ),
    ( name = "upload/page.js", text = embed "../upload/page.js" ),
  ],

  # One object for all, kept while nobody is there: what it remembers are variables, and nothing is stored.
  durableObjectNamespaces = [
    ( className = "MeetingPlace", uniqueKey = "httpkit-wasm-examples", preventEviction = true ),
  ],
  durableObjectStorage = ( inMemory = void ),
  bindings = [ ( name = "meetingPlaces", durableObjectNamespace = "MeetingPlace" ) ],
);
