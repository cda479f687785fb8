import { perClient } from "./per-client.ts";

/** What was written and not sent, for as long as the page is open. */
export const draftOf = perClient(() => {
  let draft = "";
  return {
    get: () => draft,
    set(text: string) {
      draft = text;
    },
  };
});
