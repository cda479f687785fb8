#!/usr/bin/env bash
# redis (node-redis) 6.3.1: createClient builds a class of its own for each set of options.
#
# Expected: createClient is a constructor call, and all clients share one class.
# Seen:     clients whose options differ, if only in their name, have different classes, each with hundreds of command
#           methods; only a call with the same options as the one right before it shares that one's class. A process
#           that opens several connections with alternating options pays for a new class each time (tens of
#           milliseconds and about a megabyte on a small machine).
# So:       make one class with RedisClient.factory() and call it with the options of each connection.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund redis@6.3.1 >/dev/null

cat > show.mjs <<'JS'
import { createClient } from "redis";

// A client is a shell around the instance of its class.
const classOf = (options) => Object.getPrototypeOf(Object.getPrototypeOf(createClient(options)));
const methods = (one) => {
  let count = 0;
  for (let at = one; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) count += Object.getOwnPropertyNames(at).length;
  return count;
};
const first = classOf({ name: "commands" });
const second = classOf({ name: "subscriber" });
const again = classOf({ name: "commands" });
const same = classOf({ name: "commands" });
console.log("other name, same class:", first === second);
console.log("first options again, same class as then:", first === again);
console.log("options of the call before, same class:", again === same);
console.log("hundreds of methods:", methods(first) > 300);
JS
node show.mjs | tee seen.txt

diff - seen.txt <<'TXT' && echo "as described, redis 6.3.1"
other name, same class: false
first options again, same class as then: false
options of the call before, same class: true
hundreds of methods: true
TXT
