import type { Collect, Host } from "../ports.ts";
import { collectorsFor } from "./index.ts";
import { selectCollectors } from "./select.ts";

export interface OpenedCollectors {
  readonly sources: readonly { readonly name: string; readonly collect: Collect }[];
  /** Readings with other keys are not sent. */
  readonly keys: ReadonlySet<string>;
  /** Keys whose values are decimals by nature: they keep that type on the server. */
  readonly decimalKeys: ReadonlySet<string>;
}

/** As the section [system] of the configuration writes it. */
export interface SystemSettings {
  readonly metrics: readonly string[];
  readonly disk_paths: readonly string[];
  readonly network_interfaces: readonly string[];
}

/** Opens what `[system] metrics` asks for. */
export function openCollectors(host: Host, system: SystemSettings): OpenedCollectors {
  const settings = {
    diskPaths: system.disk_paths,
    networkInterfaces: system.network_interfaces,
  };
  const { collectors, keys } = selectCollectors(collectorsFor(settings), system.metrics);
  const specs = collectors.flatMap((collector) => Object.entries(collector.keys));
  return {
    sources: collectors.map((collector) => ({
      name: collector.name,
      collect: collector.open(host, settings),
    })),
    keys,
    decimalKeys: new Set(specs.filter(([, { whole }]) => !whole).map(([key]) => key)),
  };
}
