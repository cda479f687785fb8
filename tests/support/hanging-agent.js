/** An agent that begins with what it is sent, and then does nothing but live. */
import { io } from "socket.io-client";

const { SIGNALBOX_URL, SIGNALBOX_TOKEN, AGENT_ID: agentId, CAPABILITY = "code" } = process.env;
const socket = io(`${SIGNALBOX_URL}/agents`, { auth: { token: SIGNALBOX_TOKEN }, transports: ["websocket"] });

socket.on("connect", async () => {
  await socket.emitWithAck("register", { agentId, capabilities: [CAPABILITY], inFlight: [] });
  console.log("registered");
  setInterval(() => socket.emit("heartbeat", { agentId }), 200);
});

socket.on("dispatch", async ({ messageId, attempt }, acknowledge) => {
  acknowledge({ accepted: true });
  for (const delta of ["half ", "an answer"]) {
    await socket.emitWithAck("progress", { messageId, attempt, status: "working", delta });
  }
  console.log(`began ${messageId}`);
});
