import { describe, expect, it } from "vitest";
import { type Unstable_Config, unstable_readConfig } from "wrangler";

const read = (env: string) => unstable_readConfig({ config: "wrangler.toml", env }, { hideWarnings: true });
const local = read("");
const deployed = { staging: read("staging"), production: read("production") };

/** Everything that a Worker of this configuration is given, by kind, less what each installation has of its own. */
function given(config: Unstable_Config) {
  return {
    objects: config.durable_objects.bindings,
    classes: config.exports,
    databases: config.d1_databases.map(({ binding, migrations_dir }) => ({ binding, migrations_dir })),
    producers: config.queues.producers?.map(({ binding }) => binding),
    consumers: config.queues.consumers?.map(({ queue: _, ...rest }) => rest),
    rates: config.ratelimits.map(({ name, simple }) => ({ name, simple })),
    email: config.send_email,
    datasets: config.analytics_engine_datasets.map(({ binding }) => binding),
    metadata: config.version_metadata,
    assets: config.assets,
    crons: config.triggers.crons,
    vars: Object.keys(config.vars).sort(),
    secrets: config.secrets?.required,
    observability: config.observability,
  };
}

/** What two environments may not share. */
const own = (config: Unstable_Config) => [
  `Worker ${config.name}`,
  ...config.d1_databases.map(({ database_name }) => `database ${database_name}`),
  ...(config.queues.consumers ?? []).map(({ queue }) => `queue ${queue}`),
  ...config.ratelimits.map(({ namespace_id }) => `counter ${namespace_id}`),
  ...config.analytics_engine_datasets.map(({ dataset }) => `dataset ${dataset}`),
];

describe.each(Object.entries(deployed))("the environment %s of wrangler.toml", (name, config) => {
  it("has every binding that there is on the laptop, with the same classes and limits", () => {
    expect(given(config)).toEqual(given(local));
    // What this list does not know would be compared with nothing.
    const kinds = (some: Unstable_Config) =>
      Object.entries(some).flatMap(([kind, value]) => (Array.isArray(value) && value.length > 0 ? kind : []));
    expect(kinds(config)).toEqual(kinds(local));
  });

  it("listens to the queues that it sends to", () => {
    const { producers = [], consumers = [] } = config.queues;
    const names = (ends: { queue?: unknown }[]) => ends.map(({ queue }) => queue);
    expect(names(consumers)).toEqual(names(producers));
  });

  it("has a database, queues, counters and a name of its own", () => {
    const [staging, production] = [own(deployed.staging), own(deployed.production)];
    const all = [...own(local), ...staging, ...production];
    expect(new Set(all).size).toBe(all.length);
    expect(own(config)[0]).toBe(`Worker materi-${name}`);
  });

  it("names no database of somebody's account, and switches nothing on that is for development", () => {
    for (const database of config.d1_databases) expect(database).not.toHaveProperty("database_id");
    const development = /LOOPBACK|DEBUG|FAULT|CHAOS|SIMULATE/;
    expect(
      Object.keys(config.vars).filter((key) => development.test(key) && config.vars[key] !== ""),
    ).toEqual([]);
  });

  it("lets rooms keep their sockets while they take new code", () => {
    expect(config.durable_objects.code_update_strategy).toEqual({ mode: "deferred", max_delay: 300 });
  });
});
