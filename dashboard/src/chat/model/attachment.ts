import type { MessageInput } from "@signalbox/client";

export type Attachment = NonNullable<MessageInput["attachments"]>[number];

/** By file extension. Anything else is assumed to be a web page. */
const mediaTypes: Record<string, string> = {
  csv: "text/csv",
  gif: "image/gif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  md: "text/markdown",
  mp4: "video/mp4",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain",
  webp: "image/webp",
  zip: "application/zip",
};

/** `undefined` when the URL is not an HTTP URL. */
export function attachmentOf(url: string, name: string): Attachment | undefined {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return undefined;
  const file = new URL(url).pathname.split("/").at(-1) ?? "";
  const mediaType = mediaTypes[file.split(".").at(-1)?.toLowerCase() ?? ""] ?? "text/html";
  return { url, mediaType, name: name.trim() || file || new URL(url).hostname };
}
