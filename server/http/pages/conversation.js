import { me, request, socket } from "./connection.js";
import { button, element, link } from "./elements.js";
import { pageSize, Room } from "./room.js";

const typingShownMs = 6_000;

/** Not `randomUUID`, which a page has over HTTPS and on localhost only. */
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");

const stateOf = (item) => item.querySelector(".state") ?? item.appendChild(element("p", { className: "state" }));

/** What is known and shown of a conversation; `changed` and `failed` are its owner's. */
export class Conversation extends Room {
  title;
  draft = "";
  /** Why it cannot be entered. */
  refusal = undefined;
  /** Whether the newest message is in sight, and is to be kept in sight. */
  atEnd = true;
  people = new Map();
  peopleCount = 0;
  /** Timers, by user id. */
  typing = new Map();
  #log = element("ol", {});
  #outbox = element("ol", {});
  view = element("div", { role: "log", ariaLabel: "Messages", tabIndex: 0 }, this.#log, this.#outbox);
  #earlier;
  #oldest;
  #readTo;
  /** By message id. */
  #unsent = new Map();
  /** By response id. */
  #answers = new Map();
  #changed;
  #failed;

  constructor(id, { changed, failed }) {
    super(`conversation:${id}`);
    this.id = this.title = id;
    this.#changed = changed;
    this.#failed = (error) => failed(error.message);
    this.view.addEventListener("scroll", () => {
      this.atEnd = this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < 48;
      if (this.atEnd) changed(this);
    });
  }

  changed() {
    if (this.atEnd) this.view.scrollTop = this.view.scrollHeight;
    this.#changed(this);
  }

  // What is in it

  take(event, before = null) {
    const { type, data, sender } = event;
    if (type === "chat_message") {
      if (sender?.userId === me.userId) this.#forget(event.id);
      this.#show(event, data.message, before);
    }
    if (type === "hlink_message") this.#show(event, data.payload.content ?? data.payload.alt_text ?? data.type, before);
    if (type === "chat_response_delta" || type === "chat_response") this.#answer(event, before);
    if (type === "user_joined") this.people.set(data.userId, data.name ?? data.userId);
    if (type === "user_left") this.people.delete(data.userId);
    if (data.memberCount !== undefined) this.peopleCount = data.memberCount;
    if (type === "typing_indicator") this.#setTyping(data.userId, data.isTyping);
    else if (sender) this.#setTyping(sender.userId, false);
    this.changed();
  }

  latest(events) {
    // A shorter page is all there is.
    if (events.length === pageSize) {
      this.#earlier = element(
        "li",
        { className: "line" },
        button("Load earlier", () => this.#loadEarlier()),
      );
      this.#oldest = events[0].position;
      this.#log.append(this.#earlier);
    }
    for (const event of events) this.take(event);
  }

  async #loadEarlier() {
    const earlier = this.#earlier;
    earlier.firstChild.disabled = true;
    await request("history", { room: this.name, before: this.#oldest, limit: pageSize }, ({ events, hasMore }) => {
      const below = this.view.scrollHeight - this.view.scrollTop;
      const before = earlier.nextSibling;
      for (const event of events) this.take(event, before);
      this.#oldest = events[0]?.position ?? this.#oldest;
      if (!hasMore) earlier.remove();
      this.view.scrollTop = this.view.scrollHeight - below;
    }).catch(this.#failed);
    earlier.firstChild.disabled = false;
  }

  #show({ sender, timestamp, data }, text, before) {
    const when = new Date(timestamp);
    const isToday = when.toDateString() === new Date().toDateString();
    const item = element(
      "li",
      { className: sender?.userId === me.userId ? "mine" : "" },
      element("span", { className: "who" }, sender?.name ?? sender?.userId ?? "Signalbox"),
      element("time", { dateTime: timestamp }, isToday ? when.toLocaleTimeString() : when.toLocaleString()),
      element("p", { className: "text" }, text),
    );
    const linked = [...(data.attachments ?? []), ...(data.payload?.url ? [data.payload] : [])];
    for (const { url, name } of linked) item.append(element("p", {}, link(url, name ?? url)));
    this.#log.insertBefore(item, before);
    return item;
  }

  /** A streamed answer grows, and its end brings the whole text and its place in the log. */
  #answer(event, before) {
    const { responseId, delta, message, status } = event.data;
    // A page of history may bring parts that the answer has already.
    if (before && this.#answers.has(responseId)) return;
    const item = this.#answers.get(responseId) ?? this.#show(event, "", before);
    this.#answers.set(responseId, item);
    const text = item.querySelector(".text");
    const state = stateOf(item);
    if (status) {
      text.textContent = message;
      state.textContent = { complete: "", failed: "This answer failed.", cancelled: "This answer was stopped." }[
        status
      ];
      this.#log.insertBefore(item, before);
      return;
    }
    text.append(delta);
    if (state.hasChildNodes()) return;
    const stop = button("Stop", () => {
      stop.disabled = true;
      request("chat_response.cancel", { conversationId: this.id, responseId }).catch((error) => {
        stop.disabled = false;
        this.#failed(error);
      });
    });
    state.append("Writing…", stop);
  }

  joined({ members, memberCount }) {
    this.refusal = undefined;
    this.people = new Map(members.map(({ userId, name }) => [userId, name ?? userId]));
    this.peopleCount = memberCount;
    // What did arrive before the connection was lost was among the events just now: the rest did not.
    for (const item of this.#unsent.values()) if (stateOf(item).dataset.state === "waiting") item.send();
    this.changed();
  }

  lost() {
    this.#earlier?.remove();
    for (const item of this.#answers.values()) stateOf(item).textContent = "";
    this.#answers.clear();
    for (const item of this.#unsent.values()) this.#tell(item, "failed", "It is not known whether this has arrived.");
    this.#line("History before this is gone.");
  }

  refused({ code, message }) {
    const isGone = code === "not_found" && this.position !== undefined;
    this.live = false;
    this.refusal = isGone ? "History is gone: the server does not know this conversation any more." : message;
    for (const item of this.#unsent.values()) this.#tell(item, "failed", "This was not sent.");
    this.#line(this.refusal);
    this.changed();
  }

  #line(text) {
    if (this.#log.lastChild?.textContent !== text) this.#log.append(element("li", { className: "line" }, text));
  }

  #setTyping(userId, isTyping) {
    clearTimeout(this.typing.get(userId));
    this.typing.delete(userId);
    if (!isTyping || userId === me.userId) return;
    const stopped = () => this.take({ type: "typing_indicator", data: { userId, isTyping: false } });
    this.typing.set(userId, setTimeout(stopped, typingShownMs));
  }

  // What we send to it

  /** Sends, again if need be, under one id: it is published once. */
  write(message) {
    const id = newId();
    const item = element("li", { className: "mine", id }, element("p", { className: "text" }, message));
    item.send = async () => {
      this.#tell(item, "sending", "Sending…");
      try {
        await request("chat_message", { conversationId: this.id, id, message });
        this.#tell(item, "sent", "Sent");
      } catch (error) {
        if (!socket.connected && socket.active) this.#tell(item, "waiting", "Waiting for the connection…");
        else this.#tell(item, "failed", `Not sent. ${error.message}`);
      }
    };
    this.#unsent.set(id, item);
    this.#outbox.append(item);
    this.atEnd = true;
    item.send();
    this.changed();
  }

  #tell(item, state, text) {
    stateOf(item).dataset.state = state;
    stateOf(item).replaceChildren(text);
    if (state === "failed")
      stateOf(item).append(
        button("Retry", item.send),
        button("Discard", () => this.#forget(item.id)),
      );
  }

  #forget(id) {
    this.#unsent.get(id)?.remove();
    this.#unsent.delete(id);
  }

  /** Tells the server how far the user has seen; resolves with the number of unread messages, if it has changed. */
  async markRead() {
    const { position } = this;
    if (!this.live || position.offset === 0 || position === this.#readTo) return undefined;
    this.#readTo = position;
    const { unread } = await request("mark_read", { room: this.name, position }).catch(() => ({}));
    if (unread === undefined) this.#readTo = undefined;
    return unread;
  }
}
