// Reads server-sent events off a response. Knows nothing of what they say.

/** Yields each event, wherever the network cut its bytes.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<{name: string, data: any}>} */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = readEvent(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {string} block */
function readEvent(block) {
  // Only \n ends a line here: JSON may hold U+2028, which a "." without /s refuses.
  const fields = block.split(/\r?\n/).map((line) => /^(event|data): ?(.*)$/s.exec(line));
  const name = fields.find((field) => field?.[1] === "event")?.[2];
  const data = fields.filter((field) => field?.[1] === "data").map((field) => field?.[2]);
  return name && data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}
