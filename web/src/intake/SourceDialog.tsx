// A source: its code, what it is, how far its word counts; new, or changed under the revision that was read.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Form, Input, Modal, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../api/client";
import type { Source } from "../api/types";
import { Failed } from "../ui/States";

const kinds = ["web", "server", "till", "mini", "import"] as const;
const channels = ["web", "store", "wechat"] as const;

interface SourceValues {
  code: string;
  name: string;
  kind: string;
  channel: string;
  account_scope?: string;
  signing_secret?: string;
  trusted: boolean;
  shared_device: boolean;
  enabled: boolean;
}

function sendSource(values: SourceValues, source: Source | null) {
  const { code, kind, enabled, ...both } = values;
  const given = {
    ...both,
    account_scope: both.account_scope || undefined,
    signing_secret: both.signing_secret || undefined,
  };
  if (!source) return api.POST("/api/v1/sources", { body: { code, kind, ...given } });
  return api.PATCH("/api/v1/sources/{id}", {
    params: { path: { id: source.id }, header: { "If-Match": `"${source.rev}"` } },
    body: { ...given, enabled },
  });
}

export function SourceDialog({ source, onClose }: { source: Source | null; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<SourceValues>();
  const save = useMutation<unknown, Error, SourceValues>({
    mutationFn: (values) => sendSource(values, source),
    onSuccess: () => {
      message.success(t("common.saved"));
      client.invalidateQueries({ queryKey: ["sources"] });
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field)
        form.setFields([{ name: error.field as keyof SourceValues, errors: [error.message] }]);
    },
  });
  const toggle = (name: "trusted" | "shared_device" | "enabled", label: string, extra: string) => (
    <Form.Item name={name} label={label} extra={extra} valuePropName="checked">
      <Switch />
    </Form.Item>
  );
  return (
    <Modal
      open
      title={source ? `${t("source.edit")} · ${source.code}` : t("source.new")}
      okText={t("common.save")}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {save.error && <Failed error={save.error} />}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => save.mutate(values)}
        initialValues={source ?? { kind: "web", channel: "web", trusted: false, shared_device: false, enabled: true }}
      >
        <Form.Item name="name" label={t("source.name")} rules={[{ required: true, message: t("form.required") }]}>
          <Input autoFocus maxLength={60} />
        </Form.Item>
        <Form.Item
          name="code"
          label={t("source.code")}
          hidden={!!source}
          extra={t("source.code_help")}
          rules={[{ required: true, pattern: /^[a-z0-9-]+$/, message: t("source.code_wrong") }]}
        >
          <Input maxLength={40} spellCheck={false} />
        </Form.Item>
        <Form.Item name="kind" label={t("source.kind")} hidden={!!source}>
          <Select options={kinds.map((value) => ({ value, label: t(`source.kind.${value}`) }))} />
        </Form.Item>
        <Form.Item name="channel" label={t("source.channel")}>
          <Select options={channels.map((value) => ({ value, label: t(`channel.${value}`) }))} />
        </Form.Item>
        <Form.Item name="account_scope" label={t("source.scope")} extra={t("source.scope_help")}>
          <Input maxLength={64} spellCheck={false} />
        </Form.Item>
        <Form.Item name="signing_secret" label={t("source.secret")} extra={t("source.secret_help")}>
          <Input.Password
            maxLength={200}
            autoComplete="new-password"
            placeholder={source?.signs_users ? t("source.secret_kept") : undefined}
          />
        </Form.Item>
        {toggle("trusted", t("source.trusted"), t("source.trusted_text"))}
        {toggle("shared_device", t("source.shared"), t("source.shared_text"))}
        {source && toggle("enabled", t("source.enabled"), t("source.enabled_text"))}
      </Form>
    </Modal>
  );
}
