import { createStanding } from "../../agent/standing.ts";
import type { StatusBoard } from "../../agent/status.ts";

const board: StatusBoard = { refreshMs: null, show() {} };

/** For a device that nobody asks how it stands. */
export const noSituation = { entered() {}, failed() {}, delivered() {} };

/** For a run that nobody asks how it is. */
export const noStatus = { standing: createStanding(), board };
