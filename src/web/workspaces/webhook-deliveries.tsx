import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Webhook, WebhookDelivery } from "../../client/index.ts";
import { client } from "../client.ts";
import { Empty, Fault, Waiting } from "../design/notice.tsx";
import { Rows } from "../design/rows.tsx";
import { ShowMore } from "../design/show-more.tsx";
import { DeliveryRow } from "./delivery-row.tsx";
import { webhooksQuery } from "./workspaces-query.ts";
import "./webhook-deliveries.css";

const filters = {
  all: "All",
  pending: "Under way",
  delivered: "Delivered",
  dead: "Given up",
} satisfies Record<"all" | WebhookDelivery["status"], string>;

/** Milliseconds between two looks at deliveries that are under way. */
const lookAgain = 2_000;

/** What was sent to a webhook in the last 30 days, the newest first. */
export function WebhookDeliveries({ workspaceId, webhook }: { workspaceId: string; webhook: Webhook }) {
  const [filter, setFilter] = useState<keyof typeof filters>("all");
  const list = useInfiniteQuery({
    queryKey: [...webhooksQuery(workspaceId).queryKey, webhook.id, "deliveries", filter],
    queryFn: ({ pageParam }) =>
      client.webhooks.deliveries(workspaceId, webhook.id, {
        ...(filter !== "all" && { status: filter }),
        ...(pageParam && { cursor: pageParam }),
      }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(({ status }) => status === "pending"))
        ? lookAgain
        : false,
  });
  const deliveries = list.data?.pages.flatMap(({ items }) => items);
  return (
    <>
      <div className="deliveries-head">
        <h3>Deliveries</h3>
        <select
          className="input"
          aria-label="Which deliveries"
          value={filter}
          onChange={({ target }) => setFilter(target.value as keyof typeof filters)}
        >
          {Object.entries(filters).map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </div>
      {list.isPending && <Waiting label="Loading deliveries" />}
      {list.isError && <Fault error={list.error} retry={list.refetch} />}
      {deliveries?.length === 0 && (
        <Empty title={filter === "all" ? "Nothing was sent yet" : "None of these"}>
          {filter === "all" && <p>Send a ping to see whether the target answers.</p>}
        </Empty>
      )}
      {deliveries && deliveries.length > 0 && (
        <Rows>
          {deliveries.map((delivery) => (
            <DeliveryRow
              key={delivery.id}
              workspaceId={workspaceId}
              webhook={webhook}
              delivery={delivery}
              onRedelivered={list.refetch}
            />
          ))}
        </Rows>
      )}
      <ShowMore list={list} />
    </>
  );
}
