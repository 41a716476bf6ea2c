// Keys of a source: what they may, when they were used, how to end them; and the one moment a new one is seen.
import { KeyOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Modal, Popconfirm, Radio, Switch, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { Key, Source } from "../api/types";
import { useMay } from "../app/session";
import { State } from "../ui/Bits";
import { when } from "../ui/format";
import { Failed, sentence } from "../ui/States";

export function KeyLine({ line }: { line: Key }) {
  const { t } = useTranslation();
  const may = useMay();
  const { message } = App.useApp();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => api.DELETE("/api/v1/keys/{id}", { params: { path: { id: line.id } } }),
    onSuccess: () => {
      message.success(t("key.revoked"));
      return client.invalidateQueries({ queryKey: ["sources"] });
    },
    onError: (error) => message.error(sentence(error)),
  });
  return (
    <li>
      <KeyOutlined aria-hidden />
      <span className="zx-key-name">
        <code>{line.hint}…</code> {t(line.kind === "api" ? "key.api" : "key.write")}{" "}
        {line.trusted && <State tone="ok">{t("source.trusted")}</State>}
      </span>
      <span className="zx-masked">
        {line.revoked_at
          ? t("key.revoked_at", { at: when(line.revoked_at) })
          : t("key.created", { at: when(line.created_at) })}
      </span>
      {may("source.write") && !line.revoked_at && (
        <Popconfirm
          title={t("key.revoke_ask")}
          okText={t("key.revoke")}
          okButtonProps={{ danger: true }}
          onConfirm={() => revoke.mutate()}
        >
          <Button size="small" danger type="text" loading={revoke.isPending}>
            {t("key.revoke")}
          </Button>
        </Popconfirm>
      )}
    </li>
  );
}

function KeyShown({ value, onClose }: { value: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      open
      title={t("key.made")}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      footer={
        <Button type="primary" onClick={onClose}>
          {t("key.done")}
        </Button>
      }
    >
      <Alert type="warning" showIcon title={t("key.once")} />
      <Typography.Paragraph
        className="zx-key-shown"
        copyable={{ text: value, tooltips: [t("common.copy"), t("common.copied")] }}
      >
        <code>{value}</code>
      </Typography.Paragraph>
    </Modal>
  );
}

export function NewKeyDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [kind, setKind] = useState<"write" | "api">(
    source.kind === "till" || source.kind === "server" ? "api" : "write",
  );
  const [trusted, setTrusted] = useState(source.trusted);
  const make = useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/sources/{id}/keys", { params: { path: { id: source.id } }, body: { kind, trusted } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["sources"] }),
    gcTime: 0,
  });
  if (make.data) return <KeyShown value={make.data.key} onClose={onClose} />;
  return (
    <Modal
      open
      title={`${t("key.new")} · ${source.name}`}
      okText={t("key.new")}
      confirmLoading={make.isPending}
      onOk={() => make.mutate()}
      onCancel={onClose}
    >
      {make.error && <Failed error={make.error} />}
      <Radio.Group
        className="zx-stacked"
        value={kind}
        onChange={(event) => setKind(event.target.value)}
        options={(["write", "api"] as const).map((value) => ({
          value,
          label: (
            <>
              {t(`key.${value}`)} <span className="zx-masked">{t(`key.${value}_text`)}</span>
            </>
          ),
        }))}
      />
      <div className="zx-switch-line">
        <Switch checked={trusted} onChange={setTrusted} aria-label={t("source.trusted")} />
        <span>
          {t(trusted ? "source.trusted" : "source.public")}
          <br />
          <span className="zx-masked">{t(trusted ? "source.trusted_text" : "source.public_text")}</span>
        </span>
      </div>
    </Modal>
  );
}
