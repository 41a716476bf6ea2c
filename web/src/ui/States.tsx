// What stands where content is not: loading, nothing there, not allowed, failed. Each says what and what next.
import { CopyOutlined, ReloadOutlined } from "@ant-design/icons";
import type { UseQueryResult } from "@tanstack/react-query";
import { App, Button, Skeleton } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { textOr } from "../app/i18n";
import "./states.css";

/** What happened, in the reader's words: the server's sentence if it sent one. */
export function sentence(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.message) return error.message;
    return textOr(error.code ? `error.${error.code}` : `error.http_${error.status}`, textOr("error.internal", "Error"));
  }
  return textOr("error.internal", "Error");
}

export function Reference({ id }: { id: string }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  if (!id) return null;
  const copy = () => navigator.clipboard?.writeText(id).then(() => message.success(t("common.copied")));
  return (
    <Button type="text" size="small" icon={<CopyOutlined />} onClick={copy} className="zx-reference">
      {t("error.reference", { id })}
    </Button>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const id = error instanceof ApiError ? error.requestId : "";
  return (
    <div className="zx-notice" role="alert">
      <strong>{sentence(error)}</strong>
      <div className="zx-notice-acts">
        {onRetry && (
          <Button icon={<ReloadOutlined />} onClick={onRetry}>
            {t("common.retry")}
          </Button>
        )}
        <Reference id={id} />
      </div>
    </div>
  );
}

export function Empty({ title, text, action }: { title: string; text?: ReactNode; action?: ReactNode }) {
  return (
    <div className="zx-notice zx-empty">
      <strong>{title}</strong>
      {text && <p>{text}</p>}
      {action && <div className="zx-notice-acts">{action}</div>}
    </div>
  );
}

export function Missing() {
  const { t } = useTranslation();
  return (
    <Empty title={t("missing.title")} text={t("missing.text")} action={<Button href="/">{t("missing.home")}</Button>} />
  );
}

export function Denied() {
  const { t } = useTranslation();
  return (
    <Empty title={t("denied.title")} text={t("denied.text")} action={<Button href="/">{t("missing.home")}</Button>} />
  );
}

export function Broken({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="zx-notice" role="alert">
      <strong>{t("broken.title")}</strong>
      <p>{t("broken.text")}</p>
      <div className="zx-notice-acts">
        <Button onClick={onRetry}>{t("common.retry")}</Button>
        <Button onClick={() => window.location.reload()}>{t("broken.reload")}</Button>
      </div>
    </div>
  );
}

/** Shows a query's answer, or what stands for it until it is there. */
export function Loaded<T>({
  query,
  rows = 4,
  skeleton,
  children,
}: {
  query: UseQueryResult<T>;
  rows?: number;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  const { t } = useTranslation();
  if (query.data !== undefined) return children(query.data);
  if (query.error) {
    if (query.error instanceof ApiError && query.error.status === 403) return <Denied />;
    if (query.error instanceof ApiError && query.error.status === 404) return <Missing />;
    return <Failed error={query.error} onRetry={() => query.refetch()} />;
  }
  return (
    <div role="status" aria-label={t("common.loading")}>
      {skeleton ?? <Skeleton active title={false} paragraph={{ rows }} className="zx-skeleton" />}
    </div>
  );
}
