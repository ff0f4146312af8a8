// Makes the package of what tsc made of src, which lies in build/modules: the modules that package.json names, and below
// them one for each room, so that what two entries share is there once, and little is to be opened.
//
// They are small: no white space, short names for what only a function knows. Functions, classes and exports keep theirs,
// for profiles and stack traces; and each statement of a module has a line, for Node shows the line that threw.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const root = new URL('../../', import.meta.url)
const { exports, imports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
const sourceOf = (name) => fileURLToPath(new URL(`build/modules/${name}.js`, root))

const named = Array.from(
  JSON.stringify([exports, imports]).matchAll(/"\.\/build\/([^"]+)\.js"/g),
  ([, name]) => name,
)
const made = named.filter((name) => existsSync(sourceOf(name)))

// From below. What form needs of src/io goes with it, for the rest of that is Node's; middleware is but one entry's.
const ROOMS = ['core', 'form', 'io', 'websocket', 'client', 'server']
const STATEMENT = /(?<=[;}])(?=(?:import|export|const|let|var|class|(?:async )?function)[ *{])/g

const lines = {
  name: 'lines',
  generateBundle(_, output) {
    for (const module of Object.values(output)) module.code = module.code.replace(STATEMENT, '\n')
  },
}

await build({
  input: Object.fromEntries(made.map((name) => [name, sourceOf(name)])),
  external: /^(#|node:|@assemblyscript\/loader$)/,
  platform: 'neutral',
  plugins: [lines],
  logLevel: 'warn',
  output: {
    dir: fileURLToPath(new URL('build', root)),
    comments: false,
    chunkFileNames: 'rooms/[name].js',
    codeSplitting: {
      groups: ROOMS.map((room) => ({ name: room, test: new RegExp(`modules[\\\\/]${room}[\\\\/]`) })),
    },
    minify: {
      compress: { keepNames: { function: true, class: true } },
      mangle: { keepNames: true },
      codegen: { removeWhitespace: true },
    },
  },
})
