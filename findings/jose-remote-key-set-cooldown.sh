#!/usr/bin/env bash
# jose 6.2.18: createRemoteJWKSet counts its cool-down from the last successful fetch only.
#
# Expected: cooldownDuration bounds how often the key server is asked, also while it does not answer.
# Seen:     1. right after a fetch, a token signed with a newly rotated key is refused (ERR_JWKS_NO_MATCHING_KEY): the
#              new key is not waited for until the cool-down ends;
#           2. while the key server is down, each token makes a request of its own: a fetch that fails starts no
#              cool-down.
# So:       a server that must do neither puts its own limit into customFetch.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jose@6.2.18 >/dev/null

cat > show.mjs <<'JS'
import { createServer } from "node:http";
import { createRemoteJWKSet, customFetch, exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";

const keys = [];
async function newKey(kid) {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  keys.push({ ...(await exportJWK(publicKey)), kid, alg: "ES256" });
  return new SignJWT({}).setProtectedHeader({ alg: "ES256", kid }).setExpirationTime("1h").sign(privateKey);
}
const server = createServer((_request, response) => {
  response.setHeader("Content-Type", "application/json").end(JSON.stringify({ keys }));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = new URL(`http://127.0.0.1:${server.address().port}/jwks`);
let requests = 0;
const counted = { [customFetch]: (...args) => (requests++, fetch(...args)), cooldownDuration: 30_000 };
const outcome = (token, set) => jwtVerify(token, set).then(() => "accepted", (error) => error.code ?? error.name);

const set = createRemoteJWKSet(url, counted);
const first = await newKey("one");
console.log("first key:", await outcome(first, set));
const rotated = await newKey("two");
console.log("rotated key within the cool-down:", await outcome(rotated, set), "after requests:", requests);

server.closeAllConnections();
await new Promise((resolve) => server.close(resolve));
requests = 0;
const away = createRemoteJWKSet(url, counted);
for (let n = 0; n < 3; n++) await outcome(first, away);
console.log("requests for three tokens while the server is down:", requests);
JS
node show.mjs | tee seen.txt

diff - seen.txt <<'TXT' && echo "as described, jose 6.2.18"
first key: accepted
rotated key within the cool-down: ERR_JWKS_NO_MATCHING_KEY after requests: 1
requests for three tokens while the server is down: 3
TXT
