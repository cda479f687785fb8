import { buildAll } from "./builds.js";

/** Once for all test files: none of them builds, or finds something half built. */
export default () => buildAll();
