import { useClient } from "@signalbox/client/react";
import { useEffect } from "react";
import { Redirect, Route, Switch } from "wouter";
import { Sections } from "../ui/section-nav.tsx";
import { clusterStatsOf } from "./cluster-stats.ts";
import { ConnectionsPage } from "./connections-page.tsx";
import { InstancesPage } from "./instances-page.tsx";
import { RoomPage } from "./room-page.tsx";
import { RoomsPage } from "./rooms-page.tsx";
import { TracePage } from "./trace-page.tsx";

const sections = [
  { path: "/admin/instances", name: "Instances" },
  { path: "/admin/connections", name: "Connections" },
  { path: "/admin/rooms", name: "Rooms" },
  { path: "/admin/trace", name: "Trace" },
];

/** Operations: instances, connections, rooms and traces. */
export default function AdminScreen() {
  const client = useClient();
  // Charts keep collecting data while another section is open.
  useEffect(() => clusterStatsOf(client, "").subscribe(() => {}), [client]);
  return (
    <Sections name="Admin" sections={sections}>
      <Switch>
        <Route path="/admin/instances" component={InstancesPage} />
        <Route path="/admin/connections" component={ConnectionsPage} />
        <Route path="/admin/rooms" component={RoomsPage} />
        <Route path="/admin/rooms/:room">{({ room }) => <RoomPage key={room} room={decodeURIComponent(room)} />}</Route>
        <Route path="/admin/trace" component={TracePage} />
        <Route>
          <Redirect to="/admin/instances" replace />
        </Route>
      </Switch>
    </Sections>
  );
}
