// The line to the server. Once a stream of its breaks, gradio takes no more questions and reloads
// the page, so that what stands there is gone; so it never hears of a break. What it waited for is
// done, with nothing changed, and the page itself says what happened.

const SILENT_MS = 50_000; // three times as long as the server leaves a stream without a word
const LOOK_MS = 4000;
/** What the server has taken and not finished: its questions, null where it is something else.
 * @type {Map<string, string | null>} */
const underWay = new Map();
/** By what name the server knows the page. It ends all that goes by the name of a broken line, be
 * it late; so what is asked after a break goes by another name, and the server has seen nothing. */
let session = "";
let line = new AbortController();
let isBeating = false;
let heardAt = 0;
let misses = 0;
let sent = 0; // questions, since the page was opened

const ask = window.fetch.bind(window);
window.fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input, document.baseURI);
  const [, what, name] = /\/gradio_api\/(queue\/join|queue\/data|heartbeat|cancel)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
  if (what === "queue/join") return join(url, init);
  if (what === "cancel") return ask(url, named(init));
  if (what === "queue/data") return listen(url);
  if (what !== "heartbeat") return ask(input, init);
  session ||= name ?? "";
  void beat();
  return new Response(new ReadableStream());
};

/** @param {RequestInit} [init] */
function named(init) {
  return session ? { ...init, body: JSON.stringify({ ...JSON.parse(String(init?.body)), session_hash: session }) } : init;
}

/** Has the server know that the page is open, and hear when it is closed. */
async function beat() {
  if (isBeating || !session) return;
  isBeating = true;
  const { signal } = line;
  try {
    const { body } = await ask(new URL(`gradio_api/heartbeat/${session}`, document.baseURI), { signal });
    const reader = body?.getReader();
    while (reader && !(await reader.read()).done);
  } catch { /* begun again with the next question */ }
  if (!signal.aborted) isBeating = false;
}

/** Gradio says what fails in a corner and forgets the question. @param {URL} url @param {RequestInit} [init] */
async function join(url, init) {
  const question = questionIn(init?.body);
  if (question !== null) { sent += 1; asked = question; trouble.replaceChildren(); }
  void beat();
  try {
    const response = await ask(url, named(init));
    if (response.ok) underWay.set((await response.clone().json()).event_id, question);
    else if (question !== null) showTrouble([429, 503].includes(response.status) ? "busy" : "unreachable");
    return response;
  } catch {
    if (question !== null) showTrouble(navigator.onLine ? "unreachable" : "offline");
    return new Response("{}", { status: 503 }); // an error thrown would keep gradio from asking again
  }
}

/** @param {unknown} body @returns {string | null} the question that a request carries */
function questionIn(body) {
  try {
    const { data } = JSON.parse(String(body));
    return Array.isArray(data) && data.length === 3 && typeof data[0] === "string" && data[0].trim() ? data[0] : null;
  } catch {
    return null;
  }
}

/** Opens what gradio hears from the server. @param {URL} url */
async function listen(url) {
  if (session) url.searchParams.set("session_hash", session);
  heardAt = Date.now();
  try {
    const response = await ask(url, { headers: { accept: "text/event-stream" }, signal: line.signal });
    if (response.ok && response.body) return new Response(relay(response.body), { headers: response.headers });
  } catch { /* a broken line, as any other */ }
  return new Response(giveUp());
}

/** Passes on what comes, and an end of ours if it breaks off. @param {ReadableStream<Uint8Array>} body */
function relay(body) {
  const reader = body.getReader(), encoder = new TextEncoder(), decoder = new TextDecoder();
  let isLeft = false;
  /** @param {(message: string) => void} pass */
  async function read(pass) {
    let text = "";
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        heardAt = Date.now();
        const messages = (text + decoder.decode(part.value, { stream: true })).split("\n\n");
        text = messages.pop() ?? "";
        for (const message of messages) {
          const { msg, event_id: id } = JSON.parse(message.slice("data: ".length));
          if (msg === "unexpected_error" && !id) throw new Error(msg); // of the stream, as when the server has started anew
          if (msg === "process_completed") underWay.delete(id);
          pass(`${message}\n\n`);
        }
      }
    } catch { /* an end too early, as any other */ }
    if (underWay.size) pass(giveUp());
  }
  return new ReadableStream({
    start(controller) {
      void read((message) => { if (!isLeft) controller.enqueue(encoder.encode(message)); })
        .then(() => { if (!isLeft) controller.close(); });
    },
    cancel(reason) { isLeft = true; return reader.cancel(reason); },
  });
}

/** Begins a new line. @returns {string} what has gradio be done with all that was under way */
function giveUp() {
  const done = [...underWay.keys()].map((id) => ({ msg: "process_completed", event_id: id, success: true, output: { data: [] } }));
  const question = [...underWay.values()].find((one) => one !== null) ?? null;
  underWay.clear();
  line.abort();
  line = new AbortController();
  isBeating = false;
  session = crypto.getRandomValues(new Uint32Array(2)).join("");
  breakOff(question);
  return [...done, { msg: "close_stream" }].map((message) => `data: ${JSON.stringify(message)}\n\n`).join("");
}

function hangUp() {
  if (underWay.size) line.abort();
  else if (working()) breakOff(null);
}

/** While an answer grows, sees whether the server is still there: a line can be dead and not end. */
async function look() {
  if (!working() && !underWay.size) { misses = 0; return; }
  let isThere = underWay.size > 0 && Date.now() - heardAt < SILENT_MS;
  try {
    await ask(new URL("healthz", document.baseURI), { signal: AbortSignal.timeout(LOOK_MS) });
  } catch {
    isThere = false;
  }
  misses = isThere ? 0 : misses + 1;
  if (misses > 1) hangUp();
}

setInterval(look, LOOK_MS);
addEventListener("online", () => void look());
addEventListener("offline", hangUp);
