// node bench/report/write.ts: README.md and its charts anew from results.json, after a change of a workload's name or target.
import { writeReadme } from "./readme.ts";

writeReadme();
