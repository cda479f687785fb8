import { Badge } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { useEffect } from "react";
import { Redirect, Route, Switch } from "wouter";
import { Sections } from "../ui/section-nav.tsx";
import { activityOf } from "./activity.ts";
import { AgentPage } from "./agent-page.tsx";
import { AgentsPage } from "./agents-page.tsx";
import { useAlerts } from "./alerts.ts";
import { AlertsPage } from "./alerts-page.tsx";
import { feedOf } from "./feed.ts";
import { FeedPage } from "./feed-page.tsx";
import { OverviewPage } from "./overview-page.tsx";
import { StreamsPage } from "./streams-page.tsx";
import { TasksPage } from "./tasks-page.tsx";

/** Monitoring: work in progress, agents, events and alerts. */
export default function MonitoringScreen() {
  useBackgroundStores();
  const { open } = useAlerts();
  const sections = [
    { path: "/monitoring/overview", name: "Overview" },
    { path: "/monitoring/streams", name: "Streams" },
    { path: "/monitoring/tasks", name: "Tasks" },
    { path: "/monitoring/agents", name: "Agents" },
    { path: "/monitoring/feed", name: "Live feed" },
    {
      path: "/monitoring/alerts",
      name: "Alerts",
      badge: open > 0 && (
        <Badge size="sm" color="red.8" autoContrast={false} circle={open < 10}>
          {open}
        </Badge>
      ),
    },
  ];
  return (
    <Sections name="Monitoring" sections={sections}>
      <Switch>
        <Route path="/monitoring/overview" component={OverviewPage} />
        <Route path="/monitoring/streams" component={StreamsPage} />
        <Route path="/monitoring/tasks/:id?" component={TasksPage} />
        <Route path="/monitoring/agents" component={AgentsPage} />
        <Route path="/monitoring/agents/:id">{({ id }) => <AgentPage key={id} id={decodeURIComponent(id)} />}</Route>
        <Route path="/monitoring/feed" component={FeedPage} />
        <Route path="/monitoring/alerts" component={AlertsPage} />
        <Route>
          <Redirect to="/monitoring/overview" replace />
        </Route>
      </Switch>
    </Sections>
  );
}

/** Charts and feed keep collecting data while another section is open. */
function useBackgroundStores() {
  const client = useClient();
  useEffect(() => {
    const cancels = [feedOf(client, ""), activityOf(client, "")].map((store) => store.subscribe(() => {}));
    return () => {
      for (const cancel of cancels) cancel();
    };
  }, [client]);
}
