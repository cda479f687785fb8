import { me, request, socket, tokenKey } from "./connection.js";
import { Conversation } from "./conversation.js";
import { button, byId, element, link } from "./elements.js";
import { Room, rooms } from "./room.js";

const typingToldMs = 4_000;
/** What happens in conversations that nobody opened here is not told: the list is asked for. */
const listMs = 15_000;

const field = byId("message");
const conversations = new Map();
/** The conversation that is shown. */
let current;

/** Calls after a while, once for all the times that it was asked to meanwhile. */
function soon(action, ms) {
  let timer;
  return () => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      action();
    }, ms);
  };
}
const refreshSoon = soon(refreshList, 1_000);
const seenSoon = soon(markSeen, 250);

// The connection

function showState(state, text) {
  byId("connection").dataset.state = state;
  byId("connection").textContent = text;
  const isOut = state === "refused" || state === "idle";
  byId("sign-in").hidden = !isOut;
  byId("chat").hidden = isOut || me.userId === undefined;
}

function connect() {
  if (!sessionStorage.getItem(tokenKey)) return showState("idle", "Not connected");
  showState("connecting", "Connecting…");
  socket.connect();
}

let closedBecause;
socket.on("system.connection.close", ({ reason }) => {
  closedBecause = reason.replaceAll("_", " ");
});

socket.on("system.connection.established", ({ userId, roles }) => {
  // With somebody else's token, nothing on the page is for these eyes.
  if (me.userId !== undefined && me.userId !== userId) return location.reload();
  me.userId = userId;
  closedBecause = undefined;
  byId("me").textContent = `${userId} (${roles.join(", ")})`;
  byId("forget").hidden = false;
  showState("connected", "Connected");
  for (const name of [`user:${userId}`, "broadcast"]) if (!rooms.has(name)) new News(name).follow();
  for (const room of rooms.values()) room.follow();
  refreshList();
  followAddress();
});

socket.on("connect_error", ({ message, data }) => {
  const trying = me.userId === undefined ? "connecting" : "reconnecting";
  if (socket.active) return showState(trying, "The server cannot be reached. Trying again…");
  if (!data?.retryable) return showState("refused", `Refused: ${message}`);
  showState(trying, `${message} Trying again…`);
  setTimeout(connect, 1_000 + Math.random() * 2_000);
});

socket.on("disconnect", () => {
  if (socket.active) showState("reconnecting", "Reconnecting…");
  else showState("refused", `The server has ended the connection: ${closedBecause ?? "it did not say why"}.`);
  showHeading();
});

socket.on("system.ping", ({ timestamp }) => socket.emit("system.pong", { timestamp }));
socket.on("system.token.expiring", () => notice("warning", "Your token expires in a minute."));

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

// What stands behind the # of the address: a token, or the conversation to show

function followAddress() {
  const address = new URLSearchParams(location.hash.slice(1));
  const token = address.get("token");
  const id = address.get("conversation");
  if (token) {
    sessionStorage.setItem(tokenKey, token);
    history.replaceState(null, "", id ? addressOf(id) : location.pathname);
    socket.disconnect();
  }
  if (!socket.connected && !socket.active) connect();
  if (me.userId !== undefined && id !== (current?.id ?? null)) show(id ? conversationOf(id) : undefined);
}
const addressOf = (id) => `#conversation=${encodeURIComponent(id)}`;

window.addEventListener("hashchange", followAddress);

// News

function notice(level, ...content) {
  const item = element("div", { className: "notice" }, element("p", {}, ...content));
  item.dataset.level = level;
  item.append(button("Dismiss", () => item.remove()));
  byId("notices").append(item);
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
    const { level, title, body = "", link: href } = data;
    notice(level, element("strong", {}, title), ` ${body} `, href ? link(href, "Open") : "");
  }
}

// The list

function conversationOf(id) {
  if (!conversations.has(id)) {
    const changed = (conversation) => {
      refreshSoon();
      if (conversation === current) showHeading();
    };
    const conversation = new Conversation(id, { changed, failed: (text) => notice("error", text) });
    conversation.entry = element("a", { href: addressOf(id) });
    conversations.set(id, conversation);
    describe({ id });
  }
  return conversations.get(id);
}

function describe({ id, title, members = [], public: isPublic = true, unread = 0 }) {
  const conversation = conversationOf(id);
  const others = members.filter((member) => member !== me.userId).join(", ");
  conversation.title = title ?? (others || id);
  const count = element("span", { className: "unread", hidden: unread === 0 }, `${unread}`);
  count.append(element("span", { className: "unseen" }, " unread"));
  const who = isPublic ? "public" : others ? `with ${others}` : "only you";
  conversation.entry.replaceChildren(conversation.title, count, element("span", { className: "hint" }, who));
  return conversation;
}

async function refreshList() {
  const { conversations: listed } = await request("conversation.list", { limit: 200 }).catch(() => ({}));
  if (!listed) return;
  const mine = listed.map(describe);
  for (const conversation of mine) if (rooms.has(conversation.name)) conversation.follow();
  const visited = [...conversations.values()].filter((known) => known.live && !mine.includes(known));
  const focused = document.activeElement;
  byId("conversations").replaceChildren(...[...mine, ...visited].map(({ entry }) => element("li", {}, entry)));
  focused?.focus();
  byId("no-conversations").hidden = mine.length > 0;
  showHeading();
}
setInterval(() => document.hidden || refreshSoon(), listMs);

byId("create-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const title = byId("create-title").value.trim();
  const members = byId("create-members")
    .value.split(/[\s,]+/)
    .filter(Boolean);
  const asked = { members, public: byId("create-public").checked, ...(title && { title }) };
  const created = ({ conversation }) => {
    event.target.reset();
    byId("create").open = false;
    byId("create-error").textContent = "";
    location.hash = addressOf(describe(conversation).id);
  };
  request("conversation.create", asked, created).catch((error) => {
    byId("create-error").textContent = error.message;
  });
});

// The conversation that is shown

function show(conversation) {
  if (current) current.draft = field.value;
  current?.entry.removeAttribute("aria-current");
  current = conversation;
  byId("conversation").hidden = conversation === undefined;
  byId("nothing-open").hidden = conversation !== undefined;
  byId("chat").toggleAttribute("data-open", conversation !== undefined);
  if (!conversation) return;
  conversation.entry.setAttribute("aria-current", "true");
  byId("view").replaceChildren(conversation.view);
  field.value = conversation.draft;
  conversation.atEnd = true;
  conversation.follow();
  conversation.changed();
  // On a phone a focused field would bring up the keyboard.
  (matchMedia("(hover: hover)").matches ? field : byId("title")).focus();
}

function showHeading() {
  if (!current) return;
  const { title, live, people, peopleCount, typing, refusal } = current;
  const names = [...people].map(([userId, name]) => (userId === me.userId ? `${name} (you)` : name));
  if (peopleCount > names.length) names.push(`${peopleCount - names.length} more`);
  const typists = [...typing.keys()].map((userId) => people.get(userId) ?? userId);
  byId("title").textContent = title;
  byId("people").textContent = live ? `Here: ${names.join(", ")}` : "";
  byId("typing").textContent = live && typists.length > 0 ? `Typing: ${typists.join(", ")}` : "";
  field.disabled = refusal !== undefined;
  seenSoon();
}

async function markSeen() {
  if (document.hidden || !current?.atEnd) return;
  if ((await current.markRead()) !== undefined) refreshSoon();
}
document.addEventListener("visibilitychange", seenSoon);
window.addEventListener("resize", () => current?.changed());

byId("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.disabled || field.value.trim() === "") return;
  current.write(field.value);
  field.value = "";
  tellTyping(false);
});

field.addEventListener("keydown", (event) => {
  // The Enter that ends a composition, as of Japanese, does not send.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("compose").requestSubmit();
});

let typingToldAt = 0;
function tellTyping(isTyping) {
  if (isTyping && Date.now() - typingToldAt < typingToldMs) return;
  typingToldAt = isTyping ? Date.now() : 0;
  if (current.live) socket.emit("typing_indicator", { conversationId: current.id, isTyping });
}
field.addEventListener("input", () => tellTyping(field.value !== ""));

followAddress();
