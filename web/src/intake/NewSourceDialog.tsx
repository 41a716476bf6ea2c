// A new source: its code, what it is, and how far its word counts.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form, Input, Modal, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../api/client";
import { Failed } from "../ui/States";

const kinds = ["web", "server", "till", "mini", "import"] as const;
const channels = ["web", "store", "wechat"] as const;

interface SourceValues {
  code: string;
  name: string;
  kind: string;
  channel: string;
  trusted: boolean;
  shared_device: boolean;
}

export function NewSourceDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form] = Form.useForm<SourceValues>();
  const save = useMutation({
    mutationFn: (values: SourceValues) => api.POST("/api/v1/sources", { body: values }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["sources"] });
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field)
        form.setFields([{ name: error.field as keyof SourceValues, errors: [error.message] }]);
    },
  });
  return (
    <Modal
      open
      title={t("source.new")}
      okText={t("source.new")}
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
        initialValues={{ kind: "web", channel: "web", trusted: false, shared_device: false }}
      >
        <Form.Item name="name" label={t("source.name")} rules={[{ required: true, message: t("form.required") }]}>
          <Input autoFocus maxLength={60} />
        </Form.Item>
        <Form.Item
          name="code"
          label={t("source.code")}
          extra={t("source.code_help")}
          rules={[{ required: true, pattern: /^[a-z0-9-]+$/, message: t("source.code_wrong") }]}
        >
          <Input maxLength={40} spellCheck={false} />
        </Form.Item>
        <Form.Item name="kind" label={t("source.kind")}>
          <Select options={kinds.map((value) => ({ value, label: t(`source.kind.${value}`) }))} />
        </Form.Item>
        <Form.Item name="channel" label={t("source.channel")}>
          <Select options={channels.map((value) => ({ value, label: t(`channel.${value}`) }))} />
        </Form.Item>
        <Form.Item name="trusted" label={t("source.trusted")} extra={t("source.trusted_text")} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.Item
          name="shared_device"
          label={t("source.shared")}
          extra={t("source.shared_text")}
          valuePropName="checked"
        >
          <Switch />
        </Form.Item>
      </Form>
    </Modal>
  );
}
