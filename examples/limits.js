// What serve.js and worker.js change of the server's limits.

export const limits = {
  maxBody: 4 * 1024 ** 3, // 4 GiB, for the upload; the default is 8 MiB
  maxWs: 16 * 1024, // bytes of a WebSocket message, for the chat; the default is 4 MiB
}
