/** A screen, and a text that appears when it is ready. */
interface ScreenshotTarget {
  name: string;
  path: string;
  ready: RegExp;
}

export const screens: readonly ScreenshotTarget[] = [
  { name: "chat", path: "/chat/ask-the-agents", ready: /lines in \d+ files/ },
  { name: "monitoring", path: "/monitoring/overview", ready: /Overview/ },
  { name: "streams", path: "/monitoring/streams", ready: /Index, run/ },
  { name: "tasks", path: "/monitoring/tasks", ready: /Search for/ },
  { name: "agent", path: "/monitoring/agents/searcher", ready: /searcher/ },
  { name: "feed", path: "/monitoring/feed", ready: /task/ },
  { name: "alerts", path: "/monitoring/alerts", ready: /Alerts/ },
  { name: "admin", path: "/admin/instances", ready: /Instances/ },
  { name: "connections", path: "/admin/connections", ready: /chat/ },
  { name: "rooms", path: "/admin/rooms", ready: /conversation/ },
];
