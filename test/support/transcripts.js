// Prints what each target makes of its corpus, as a digest: with the core that is imported, be it released or instrumented.
import { createHash } from 'node:crypto'
import { readCorpus } from '../fuzz/engine/corpus-file.js'
import { wayOf } from '../fuzz/engine/way.js'
import { targets, targetUrl } from '../fuzz/targets.js'

for (const name of targets) {
  const { target } = await import(targetUrl(name))
  const hash = createHash('sha256')
  for (const bytes of readCorpus(name)) {
    const { way, input } = wayOf(target, bytes)
    hash.update(JSON.stringify(target.read([input], way)))
  }
  console.log(name, hash.digest('hex'))
}
