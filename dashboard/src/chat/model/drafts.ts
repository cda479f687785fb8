import { perClient } from "./per-client.ts";

/** The unsent text of a conversation. */
export const draftOf = perClient(() => {
  let draft = "";
  return {
    get: () => draft,
    set(text: string) {
      draft = text;
    },
  };
});
