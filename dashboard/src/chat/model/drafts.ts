import type { Attachment } from "./attachment.ts";

/** An unsent message. */
export interface Draft {
  text: string;
  attachments: readonly Attachment[];
}

const prefix = "signalbox.draft.";
const empty: Draft = { text: "", attachments: [] };

/** The draft of a conversation, in sessionStorage, where it survives a reload of the page. */
export function draftOf(userId: string, conversationId: string) {
  const key = `${prefix}${userId}.${conversationId}`;
  return {
    get(): Draft {
      const json = sessionStorage.getItem(key);
      return json === null ? empty : JSON.parse(json);
    },
    set(draft: Draft): void {
      if (draft.text === "" && draft.attachments.length === 0) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify(draft));
    },
  };
}
