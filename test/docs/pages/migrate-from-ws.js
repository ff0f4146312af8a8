// What is said in the chat on the page comes back.
export const checks = {
  'From ws': (_, { printed, until }) => until(() => printed.includes('hello')),
}
