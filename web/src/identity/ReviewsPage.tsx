// 待核对: pairs that could be one person but must not be joined by rule, side by side; and what came back more than it was sold.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Modal, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { Review } from "../api/types";
import { useHotkeys } from "../app/hotkeys";
import { textOr } from "../app/i18n";
import { useMay } from "../app/session";
import { useUrl } from "../app/url";
import { CustomerCard } from "../customer/CustomerCard";
import { State, Time } from "../ui/Bits";
import { inRow } from "../ui/format";
import { PageHead } from "../ui/PageHead";
import { Empty, Failed, Loaded } from "../ui/States";
import { Compare } from "./Compare";
import { OverReturn } from "./OverReturn";
import "./identity.css";

function words(kinds: string[]): string {
  return inRow(kinds.map((kind) => textOr(`identifier.${kind}`, textOr(`customer.${kind}`, kind))));
}

/** What a matter is about, in a line of the list. */
function Subject({ review }: { review: Review }) {
  const { t } = useTranslation();
  const people = [review.left, review.right].map((row) => row?.salutation || row?.name).filter(Boolean);
  const order = review.thing?.order;
  if (!order) return <>{people.join(" · ")}</>;
  return (
    <>
      {t("order.title", { kind: textOr(`sale.kind.${order.kind}`, order.kind), number: order.number })} ·{" "}
      {people[0] ?? t("order.walk_in")}
    </>
  );
}

function About({ review }: { review: Review }) {
  const { t } = useTranslation();
  if (review.thing) return <>{textOr(`review.rule.${review.rule}`, review.rule)}</>;
  return <>{t("review.shares", { kinds: words(review.shared) })}</>;
}

function Matter({ review }: { review: Review }) {
  if (review.left && review.right) return <Compare left={review.left} right={review.right} />;
  return (
    <>
      {review.thing?.order && <OverReturn order={review.thing.order} />}
      {review.left && <CustomerCard row={review.left} />}
    </>
  );
}

function Decide({ review, onDone }: { review: Review; onDone: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [reason, setReason] = useState("");
  const [asking, setAsking] = useState(false);
  const verdict = t(review.right ? "review.separate" : "review.settled");
  const end = review.right ? "separate" : "settled";
  const decide = useMutation({
    mutationFn: (decision: "separate" | "settled" | "later") =>
      api.POST("/api/v1/reviews/{id}", {
        params: { path: { id: review.id }, header: { "If-Match": `"${review.rev}"` } },
        body: { decision, reason: decision === "later" ? t("review.later") : reason.trim() },
      }),
    onSuccess: (_, decision) => {
      message.success(
        t(
          decision === "later"
            ? "review.put_off"
            : decision === "separate"
              ? "review.separated"
              : "review.settled_done",
        ),
      );
      setAsking(false);
      onDone();
    },
  });
  return (
    <div className="zx-review-acts">
      <Button type="primary" onClick={() => setAsking(true)}>
        {verdict}
      </Button>
      <Button onClick={() => decide.mutate("later")} loading={decide.isPending && !asking}>
        {t("review.later")}
      </Button>
      <Modal
        open={asking}
        title={verdict}
        okText={verdict}
        okButtonProps={{ disabled: reason.trim().length < 2 }}
        confirmLoading={decide.isPending}
        onOk={() => decide.mutate(end)}
        onCancel={() => setAsking(false)}
      >
        {review.right && <p className="zx-masked">{t("review.separate_text")}</p>}
        {review.thing && <p className="zx-masked">{t("review.settled_text")}</p>}
        {decide.error && <Failed error={decide.error} />}
        <Input.TextArea
          autoFocus
          aria-label={t("review.reason")}
          placeholder={t("review.reason")}
          autoSize={{ minRows: 2 }}
          maxLength={200}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </Modal>
    </div>
  );
}

export function ReviewsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const [{ status = "open", id }, setUrl] = useUrl();
  const query = useQuery({
    queryKey: ["reviews", status],
    queryFn: () => body(api.GET("/api/v1/reviews", { params: { query: { status, limit: 100 } } })),
  });
  const items = query.data?.items ?? [];
  const at = Math.max(
    0,
    items.findIndex((review) => review.id === id || (!!id && review.thing?.order?.id === id)),
  );
  const step = (by: number) => {
    const next = items[Math.max(0, Math.min(items.length - 1, at + by))];
    if (next) setUrl({ id: next.id });
  };
  useHotkeys([
    { keys: "j", text: t("keys.down"), run: () => step(1) },
    { keys: "k", text: t("keys.up"), run: () => step(-1) },
  ]);
  return (
    <>
      <PageHead
        title={t("nav.reviews")}
        sub={t("review.sub")}
        acts={
          <Segmented
            aria-label={t("review.status")}
            value={status}
            onChange={(value) => setUrl({ status: value === "open" ? undefined : value, id: undefined })}
            options={(["open", "later", "separate", "settled"] as const).map((value) => ({
              value,
              label: t(`review.status.${value}`),
            }))}
          />
        }
      />
      <Loaded query={query}>
        {() => {
          const review = items[at];
          if (!review) {
            return (
              <div className="zx-card">
                <Empty title={t("review.none")} text={t("review.none_text")} />
              </div>
            );
          }
          return (
            <div className="zx-reviews">
              <ol className="zx-card zx-review-list" aria-label={t("nav.reviews")}>
                {items.map((one) => (
                  <li key={one.id}>
                    <button
                      type="button"
                      aria-current={one.id === review.id ? "true" : undefined}
                      onClick={() => setUrl({ id: one.id })}
                    >
                      <strong>
                        <Subject review={one} />
                      </strong>
                      <span className="zx-masked">
                        <About review={one} /> · <Time at={one.at} />
                      </span>
                    </button>
                  </li>
                ))}
              </ol>
              <section className="zx-card zx-review" aria-label={t("review.compare")}>
                <header>
                  <div>
                    <h2>{textOr(`review.rule.${review.rule}`, review.rule)}</h2>
                    <p>
                      {!review.thing && (
                        <State>
                          <About review={review} />
                        </State>
                      )}{" "}
                      <span className="zx-masked">{textOr(`review.rule.${review.rule}.text`, "")}</span>
                    </p>
                  </div>
                  {may("review.write") && (status === "open" || status === "later") && (
                    <Decide
                      key={review.id}
                      review={review}
                      onDone={() => client.invalidateQueries({ queryKey: ["reviews"] })}
                    />
                  )}
                </header>
                {review.reason && <p className="zx-review-reason">{t("review.because", { reason: review.reason })}</p>}
                <Matter review={review} />
              </section>
            </div>
          );
        }}
      </Loaded>
    </>
  );
}
