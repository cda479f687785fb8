import { io } from "/socket.io/socket.io.esm.min.js";

// The built-in page: a client of `/chat`. What others wrote becomes text nodes, and nothing else.

const tokenKey = "signalbox.token";
const pageSize = 100;
const replyMs = 15_000;
const typingMs = 4_000;

const byId = (id) => document.getElementById(id);
const messages = byId("messages");
const field = byId("message");

/** Strings among the children become text, whatever is in them. */
function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const button = (text, onclick) => element("button", { type: "button", className: "small", onclick }, text);
const isSafeLink = (href) => /^(https?:\/\/|\/(?!\/))/.test(href);
const link = (href, text) =>
  isSafeLink(href) ? element("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : text;

/** Not `randomUUID`, which a page has over HTTPS and on localhost only. */
const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

let me;
/** The conversation that is shown. */
let current;
/** All that are known, by id. */
const conversations = new Map();
/** Those that are followed, by name. */
const rooms = new Map();
/** Whether the end of the messages is in sight, and is to be kept in sight. */
let atEnd = true;

// Talking to the server

const socket = io("/chat", {
  autoConnect: false,
  auth: (give) => give({ token: sessionStorage.getItem(tokenKey), autoJoin: false }),
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  reconnectionDelayMax: 5_000,
});

const unanswered = { code: "unanswered", message: "The server has not answered.", retryable: true };

/** Resolves with what `take` makes of the reply. It is called at once, since the events behind the reply follow at once. */
function request(command, payload, take = (data) => data) {
  return new Promise((resolve, reject) => {
    if (!socket.connected) return reject(unanswered);
    socket.timeout(replyMs).emit(command, payload, (error, reply) => {
      if (error) reject(unanswered);
      else if (!reply.ok) reject(reply.error);
      else resolve(take(reply.data));
    });
  });
}

/** Followed over all connections: each event is taken once and in order, and where history is gone `lost` is called. */
class Room {
  live = false;
  position = undefined;
  #joining = false;

  constructor(name) {
    this.name = name;
  }

  take(_event) {}
  latest(_events, _isLost) {}
  lost() {}
  joined(_reply) {}
  refused(_error) {}

  async join() {
    if (this.#joining) return;
    this.#joining = true;
    this.live = false;
    try {
      while (!this.live) {
        const after = this.position && { after: this.position };
        await request("join_room", { room: this.name, limit: pageSize, ...after }, (reply) => this.#resume(reply));
      }
    } catch (error) {
      if (!error.retryable) this.refused(error);
      else if (socket.connected) setTimeout(() => this.live || this.join(), 2_000);
    } finally {
      this.#joining = false;
    }
  }

  #resume(reply) {
    this.position = reply.position;
    this.live = reply.joined;
    if (reply.recovered === false) this.lost();
    if (reply.recovered) for (const event of reply.events) this.take(event);
    else this.latest(reply.events, reply.recovered === false);
    if (reply.joined) this.joined(reply);
  }

  receive(event) {
    // What comes while it joins is in the reply, too.
    if (!this.live) return;
    if (event.position) {
      const { epoch, offset } = event.position;
      if (epoch === this.position.epoch && offset <= this.position.offset) return;
      if (epoch !== this.position.epoch || offset > this.position.offset + 1) return this.join();
      this.position = event.position;
    }
    this.take(event);
  }
}

/** The user's own room and `broadcast`. What was there before the page was opened is no news. */
class News extends Room {
  latest(events, isLost) {
    if (isLost) for (const event of events) this.take(event);
  }

  take({ type, data }) {
    if (type === "conversation.updated") refreshSoon();
    if (type === "announcement") notice(data.level, data.message);
    if (type !== "notification") return;
    notice(
      data.level,
      element("strong", {}, data.title),
      ` ${data.body ?? ""} `,
      data.link ? link(data.link, "Open") : "",
    );
  }
}

class Conversation extends Room {
  title = "";
  unread = 0;
  draft = "";
  refusal = undefined;
  log = element("ol", {});
  outbox = element("ol", {});
  entry = element("a", {});
  #earlier;
  #oldest;
  #readTo;
  /** By the id of the message. */
  #unsent = new Map();
  /** Answers by the id of the response. */
  #answers = new Map();
  /** Names by user id. */
  #people = new Map();
  #peopleCount = 0;
  /** Timers by user id. */
  #typing = new Map();

  constructor(id) {
    super(`conversation:${id}`);
    this.id = id;
    this.entry.href = `#conversation=${encodeURIComponent(id)}`;
    this.describe({ id });
  }

  describe({ id, title, members = [], public: isPublic, unread = 0 }) {
    const others = members.filter((member) => member !== me).join(", ");
    this.title = title ?? (others || id);
    this.unread = unread;
    const badge = element(
      "span",
      { className: "unread", hidden: unread === 0 },
      `${unread}`,
      element("span", { className: "unseen" }, " unread"),
    );
    const whose = element("span", { className: "hint" }, isPublic ? "public" : others ? `with ${others}` : "only you");
    this.entry.replaceChildren(element("span", {}, this.title), badge, whose);
  }

  // What is in it

  take(event, before = null) {
    const { type, data, sender } = event;
    if (type === "chat_message") {
      if (sender?.userId === me) this.#forget(event.id);
      this.#show(event, data.message, before);
    } else if (type === "chat_response_delta" || type === "chat_response") this.#answer(event, before);
    else if (type === "hlink_message")
      this.#show(event, data.payload.content ?? data.payload.alt_text ?? data.type, before);
    else if (type === "typing_indicator") this.#isTyping(data.userId, data.isTyping);
    else if (type === "user_joined") this.#people.set(data.userId, data.name ?? data.userId);
    else if (type === "user_left") this.#people.delete(data.userId);
    if (data.memberCount !== undefined) this.#peopleCount = data.memberCount;
    if (sender && type !== "typing_indicator") this.#isTyping(sender.userId, false);
    if (event.position && !before) refreshSoon();
    this.changed();
  }

  latest(events) {
    if (events.length === pageSize) {
      this.#earlier = element(
        "li",
        { className: "line" },
        button("Load earlier", () => this.#loadEarlier()),
      );
      this.#oldest = events[0].position;
      this.log.append(this.#earlier);
    }
    for (const event of events) this.take(event);
  }

  async #loadEarlier() {
    const earlier = this.#earlier;
    earlier.firstChild.disabled = true;
    try {
      await request("history", { room: this.name, before: this.#oldest, limit: pageSize }, ({ events, hasMore }) => {
        const below = messages.scrollHeight - messages.scrollTop;
        const before = earlier.nextSibling;
        for (const event of events) this.take(event, before);
        this.#oldest = events[0]?.position ?? this.#oldest;
        if (!hasMore) earlier.remove();
        messages.scrollTop = messages.scrollHeight - below;
      });
    } catch (error) {
      notice("error", describeError(error));
    }
    earlier.firstChild.disabled = false;
  }

  #show({ sender, timestamp, data }, text, before) {
    const when = new Date(timestamp);
    const isToday = when.toDateString() === new Date().toDateString();
    const shown = when.toLocaleString(
      [],
      isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
    );
    const item = element(
      "li",
      { className: sender?.userId === me ? "mine" : "" },
      element("span", { className: "who" }, sender?.name ?? sender?.userId ?? "Signalbox"),
      element("time", { dateTime: timestamp }, shown),
      element("p", { className: "text" }, text),
    );
    const linked = [...(data.attachments ?? []), ...(data.payload?.url ? [data.payload] : [])];
    for (const { url, name } of linked) item.append(element("p", {}, link(url, name ?? url)));
    this.log.insertBefore(item, before);
    return item;
  }

  #answer(event, before) {
    const { responseId, delta, message, status } = event.data;
    // A page of history may bring parts that the answer has already.
    if (before && this.#answers.has(responseId)) return;
    const item = this.#answers.get(responseId) ?? this.#show(event, "", before);
    this.#answers.set(responseId, item);
    const text = item.querySelector(".text");
    const state = item.querySelector(".state") ?? item.appendChild(element("p", { className: "state" }));
    if (status) {
      text.textContent = message;
      state.textContent =
        status === "complete" ? "" : `This answer was ${status === "failed" ? "not finished" : "stopped"}.`;
      // Its place in the log is that of its end.
      this.log.insertBefore(item, before);
      return;
    }
    text.append(delta);
    if (!state.hasChildNodes())
      state.append(
        "Writing…",
        button("Stop", ({ target }) => this.#stop(responseId, target)),
      );
  }

  async #stop(responseId, pressed) {
    pressed.disabled = true;
    try {
      await request("chat_response.cancel", { conversationId: this.id, responseId });
    } catch (error) {
      pressed.disabled = false;
      notice("error", describeError(error));
    }
  }

  lost() {
    this.#earlier?.remove();
    for (const item of this.#answers.values()) item.querySelector(".state").textContent = "";
    this.#answers.clear();
    for (const message of this.#unsent.values())
      this.#tell(message, "failed", "It is not known whether this has arrived.");
    this.#line("History before this is gone.");
  }

  refused({ code, message }) {
    this.live = false;
    const isGone = this.position && code === "not_found";
    this.refusal = isGone ? "The server does not know this conversation any more: its history is gone." : message;
    for (const unsent of this.#unsent.values()) this.#tell(unsent, "failed", "This was not sent.");
    this.#line(this.refusal);
    this.changed();
  }

  #line(text) {
    if (this.log.lastChild?.textContent !== text) this.log.append(element("li", { className: "line" }, text));
  }

  joined({ members, memberCount }) {
    this.refusal = undefined;
    this.#people = new Map(members.map(({ userId, name }) => [userId, name ?? userId]));
    this.#peopleCount = memberCount;
    // Those that have arrived after all were in the reply: the rest has not.
    for (const message of this.#unsent.values()) if (message.state.dataset.state === "waiting") this.#deliver(message);
    this.changed();
  }

  // What is sent to it

  write(text) {
    const state = element("p", { className: "state" });
    const item = element("li", { className: "mine" }, element("p", { className: "text" }, text), state);
    const message = { id: newId(), text, item, state };
    this.#unsent.set(message.id, message);
    this.outbox.append(item);
    this.#deliver(message);
  }

  async #deliver(message) {
    const { id, text } = message;
    this.#tell(message, "sending", "Sending…");
    try {
      await request("chat_message", { conversationId: this.id, id, message: text });
      this.#tell(message, "sent", "Sent");
    } catch (error) {
      if (socket.connected || !socket.active) this.#tell(message, "failed", `Not sent. ${describeError(error)}`);
      else this.#tell(message, "waiting", "Waiting for the connection…");
    }
  }

  #tell(message, state, text) {
    message.state.dataset.state = state;
    message.state.replaceChildren(text);
    if (state !== "failed") return;
    // With the same id: if it did arrive, it is not published again.
    message.state.append(
      button("Retry", () => this.#deliver(message)),
      button("Discard", () => this.#forget(message.id)),
    );
  }

  #forget(id) {
    this.#unsent.get(id)?.item.remove();
    this.#unsent.delete(id);
  }

  // What is seen of it

  #isTyping(userId, isTyping) {
    clearTimeout(this.#typing.get(userId));
    this.#typing.delete(userId);
    if (!isTyping || userId === me) return;
    const stopped = () => this.take({ type: "typing_indicator", data: { userId, isTyping: false } });
    this.#typing.set(userId, setTimeout(stopped, typingMs + 2_000));
  }

  changed() {
    if (this !== current) return;
    const nameOf = (userId) => this.#people.get(userId) ?? userId;
    const names = [...this.#people].map(([userId, name]) => (userId === me ? `${name} (you)` : name));
    const more = this.#peopleCount - names.length;
    byId("title").textContent = this.title;
    byId("people").textContent = this.live ? `Here: ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}` : "";
    const typists = [...this.#typing.keys()].map(nameOf);
    byId("typing").textContent = typists.length
      ? `${typists.join(", ")} ${typists.length > 1 ? "are" : "is"} typing…`
      : "";
    field.disabled = this.refusal !== undefined;
    if (atEnd) messages.scrollTop = messages.scrollHeight;
    seenSoon();
  }

  async markRead() {
    const { position } = this;
    if (!this.live || position.offset === 0 || position === this.#readTo) return;
    this.#readTo = position;
    try {
      await request("mark_read", { room: this.name, position });
      refreshSoon();
    } catch {
      this.#readTo = undefined;
    }
  }
}

// The page around it

function describeError({ message, details }) {
  const faults = Array.isArray(details)
    ? details.map(({ path, message: fault }) => `${[path].flat().join(".")}: ${fault}`)
    : [];
  return [message, ...faults].join(" ");
}

function notice(level, ...content) {
  const item = element(
    "div",
    { className: "notice" },
    element("p", {}, ...content),
    button("Dismiss", () => item.remove()),
  );
  item.dataset.level = level;
  byId("notices").append(item);
}

function showState(state, text) {
  byId("connection").dataset.state = state;
  byId("connection").textContent = text;
  byId("sign-in").hidden = state !== "refused" && state !== "idle";
  byId("chat").hidden = me === undefined || state === "refused";
}

function conversationOf(id) {
  if (!conversations.has(id)) conversations.set(id, new Conversation(id));
  return conversations.get(id);
}

/** Calls after a while, once for all the times that it was asked to meanwhile. */
function soon(action, ms) {
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      action();
    }, ms);
  };
}

const seenSoon = soon(() => atEnd && !document.hidden && current?.markRead(), 250);
const refreshSoon = soon(refreshList, 500);

async function refreshList() {
  const { conversations: listed } = await request("conversation.list", { limit: 200 }).catch(() => ({}));
  if (!listed) return;
  const shown = listed.map((described) => {
    const conversation = conversationOf(described.id);
    conversation.describe(described);
    if (rooms.has(conversation.name) && !conversation.live) conversation.join();
    return conversation;
  });
  const publicOnes = [...conversations.values()].filter((known) => known.live && !shown.includes(known));
  const entries = [...shown, ...publicOnes].map(({ entry }) => element("li", {}, entry));
  const focused = document.activeElement;
  byId("conversations").replaceChildren(...entries);
  focused?.focus();
  byId("no-conversations").hidden = entries.length > 0;
  current?.changed();
}

/** Does what stands behind the # of the address: a token, or the conversation to show. */
function followAddress() {
  const address = new URLSearchParams(location.hash.slice(1));
  const token = address.get("token");
  const id = address.get("conversation");
  if (token) {
    sessionStorage.setItem(tokenKey, token);
    history.replaceState(null, "", id ? `#conversation=${encodeURIComponent(id)}` : location.pathname);
    socket.disconnect();
  }
  if (!socket.connected) connect();
  else if (id !== (current?.id ?? null)) show(id ? conversationOf(id) : undefined);
}

function connect() {
  if (!sessionStorage.getItem(tokenKey)) return showState("idle", "Not connected");
  showState("connecting", "Connecting…");
  socket.connect();
}

function show(conversation) {
  if (current) current.draft = field.value;
  current?.entry.removeAttribute("aria-current");
  current = conversation;
  byId("conversation").hidden = conversation === undefined;
  byId("nothing-open").hidden = conversation !== undefined;
  byId("chat").toggleAttribute("data-open", conversation !== undefined);
  if (!conversation) return;
  conversation.entry.setAttribute("aria-current", "true");
  messages.replaceChildren(conversation.log, conversation.outbox);
  field.value = conversation.draft;
  atEnd = true;
  rooms.set(conversation.name, conversation);
  if (!conversation.live) conversation.join();
  conversation.changed();
  // On a phone a focused field would bring up the keyboard.
  (matchMedia("(hover: hover)").matches ? field : byId("title")).focus();
}

let closedBecause;

socket.on("system.connection.established", ({ userId, roles }) => {
  // Somebody else's token: nothing of what is on the page is theirs.
  if (me !== undefined && me !== userId) return location.reload();
  me = userId;
  closedBecause = undefined;
  byId("me").textContent = `${userId} (${roles.join(", ")})`;
  byId("forget").hidden = false;
  showState("connected", "Connected");
  for (const name of [`user:${userId}`, "broadcast"]) if (!rooms.has(name)) rooms.set(name, new News(name));
  for (const room of rooms.values()) room.join();
  refreshList();
  followAddress();
});

socket.on("connect_error", ({ message, data }) => {
  if (socket.active)
    return showState(me ? "reconnecting" : "connecting", "The server cannot be reached. Trying again…");
  if (!data?.retryable) return showState("refused", `Refused: ${message}`);
  showState("reconnecting", `${message} Trying again…`);
  setTimeout(() => socket.connect(), 1_000 + Math.random() * 2_000);
});

socket.on("disconnect", () => {
  for (const room of rooms.values()) room.live = false;
  if (socket.active) showState("reconnecting", "Reconnecting…");
  else showState("refused", `The server has ended the connection: ${closedBecause ?? "it did not say why"}`);
  current?.changed();
});

socket.on("system.connection.close", ({ reason }) => {
  closedBecause = reason.replaceAll("_", " ");
});
socket.on("system.ping", ({ timestamp }) => socket.emit("system.pong", { timestamp }));
socket.on("system.token.expiring", () =>
  notice("warning", "Your token expires in a minute. Have another one at hand."),
);
socket.on("system.room.left", ({ room }) =>
  rooms.get(room)?.refused({ message: "You are no longer in this conversation." }),
);
socket.on("system.room.reset", ({ room: name, position }) => {
  const room = rooms.get(name);
  if (!room) return;
  room.position = position;
  room.lost();
});
socket.onAny((type, event) => {
  if (!type.startsWith("system.")) rooms.get(event?.room)?.receive(event);
});

byId("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const pasted = byId("token").value.trim();
  sessionStorage.setItem(tokenKey, new URLSearchParams(pasted.split("#")[1]).get("token") ?? pasted);
  byId("token").value = "";
  connect();
});

byId("forget").addEventListener("click", () => {
  sessionStorage.removeItem(tokenKey);
  location.replace(location.pathname);
});

byId("create-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const title = byId("create-title").value.trim();
  const members = byId("create-members")
    .value.split(/[\s,]+/)
    .filter((member) => member !== "");
  const asked = { members, public: byId("create-public").checked, ...(title && { title }) };
  byId("create-error").textContent = "";
  try {
    const { conversation } = await request("conversation.create", asked);
    event.target.reset();
    byId("create").open = false;
    conversationOf(conversation.id).describe(conversation);
    location.hash = `conversation=${encodeURIComponent(conversation.id)}`;
  } catch (error) {
    byId("create-error").textContent = describeError(error);
  }
});

byId("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.disabled || field.value.trim() === "") return;
  current.write(field.value);
  field.value = "";
  tellTyping(false);
  messages.scrollTop = messages.scrollHeight;
});

field.addEventListener("keydown", (event) => {
  // The Enter that ends a composition, as of Japanese, does not send.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("compose").requestSubmit();
});

let typingTold = 0;
function tellTyping(isTyping) {
  if (isTyping && Date.now() - typingTold < typingMs) return;
  typingTold = isTyping ? Date.now() : 0;
  if (current?.live) socket.emit("typing_indicator", { conversationId: current.id, isTyping });
}
field.addEventListener("input", () => tellTyping(field.value !== ""));

messages.addEventListener("scroll", () => {
  atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 48;
  seenSoon();
});
window.addEventListener("resize", () => current?.changed());
window.addEventListener("hashchange", followAddress);
document.addEventListener("visibilitychange", () => {
  refreshSoon();
  seenSoon();
});
// What happens in conversations that are not followed is told to nobody.
setInterval(() => document.hidden || refreshSoon(), 15_000);

followAddress();
