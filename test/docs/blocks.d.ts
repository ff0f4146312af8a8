export interface Block {
  language: string
  text: string
  line: number
  section: string
  name: string | undefined
}
export const LANGUAGES: readonly string[]
export function blocksOf(markdown: string): Block[]
