// Makes the package of what tsc made of src, which lies in build/modules: the modules that package.json names, and below
// them one for each room, so that what two entries share is there once, and little is to be opened.
//
// They are small: no white space, and short names for what nobody else knows. Classes, their open methods and exports keep theirs, for
// profiles and stack traces; and each statement of a module has a line, for Node shows the line that threw.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { classes } from './classes.js'

const root = new URL('../../', import.meta.url)
const { bin, exports, imports, dependencies, peerDependencies } = JSON.parse(
  readFileSync(new URL('package.json', root), 'utf8'),
)
const sourceOf = (name) => fileURLToPath(new URL(`build/modules/${name}.js`, root))

const named = Array.from(
  JSON.stringify([bin, exports, imports]).matchAll(/"\.\/build\/([^"]+)\.js"/g),
  ([, name]) => name,
)
const made = named.filter((name) => existsSync(sourceOf(name)))

// From below: what a room needs of those that have none yet goes with it. Files have one of their own, for not all that is done
// by streams has to do with a file system. Middleware is but one entry's, and so are the fakes, which are Node's.
//
// Their numbers are for npm, which packs by name: what is alike lies side by side, and takes 2 kB less.
const FILES = { name: 'file', holds: 'io/file-body' }
const CLIENT = { name: 'client', holds: 'client/(?!with-fake)' }
const ROOMS = ['core', 'ring', 'form', FILES, 'io', 'edge', 'websocket', 'server', CLIENT]
const pathsOf = (pattern) => new RegExp(`modules/${pattern}`.replaceAll('/', '[\\\\/]'))
const STATEMENT = /(?<=[;}])(?=(?:import|export|const|let|var|class|(?:async )?function)[ *{])/g

const lines = {
  name: 'lines',
  generateBundle(_, output) {
    for (const module of Object.values(output)) module.code = module.code.replace(STATEMENT, '\n')
  },
}

const { output: written } = await build({
  input: Object.fromEntries(made.map((name) => [name, sourceOf(name)])),
  external: [/^(#|node:|cloudflare:)/, ...Object.keys({ ...dependencies, ...peerDependencies })],
  platform: 'neutral',
  plugins: [classes, lines],
  optimization: { inlineConst: { mode: 'all', pass: 3 } },
  logLevel: 'warn',
  output: {
    dir: fileURLToPath(new URL('build', root)),
    comments: false,
    chunkFileNames: 'rooms/[name].js',
    codeSplitting: {
      groups: ROOMS.map((room, index) => ({
        name: `${index + 1}-${room.name ?? room}`,
        test: pathsOf(room.holds ?? `${room}/`),
      })),
    },
    minify: {
      compress: { keepNames: { function: false, class: true } },
      mangle: { keepNames: { function: false, class: true } },
      codegen: { removeWhitespace: true },
    },
  },
})

// What an earlier build had, and this one has not.
const rooms = new URL('build/rooms/', root)
for (const file of readdirSync(rooms)) {
  if (!written.some(({ fileName }) => fileName === `rooms/${file}`)) rmSync(new URL(file, rooms))
}
