const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text as HTML that shows it, between tags and in quoted attributes. */
export const escapeHtml = (text) => text.replace(/[&<>"']/g, (char) => escapes[char])
