// Writes test/conformance/differences.md anew.
import { writeFileSync } from 'node:fs'
import { differencesPage } from './page.js'

writeFileSync(new URL('../../conformance/differences.md', import.meta.url), differencesPage())
