import { buildDashboard } from "../../dashboard/build.js";

/** The server shows the dashboard as it was built: here once, so that no test finds it half built. */
export default () => buildDashboard();
