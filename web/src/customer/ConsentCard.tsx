// 授权: what she allowed, per purpose and channel, with the text she saw, when, and the proof. Changing it needs both.
import { CheckOutlined, CloseOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input, Modal, Radio, Select, Tooltip } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import type { Consent, Customer } from "../api/types";
import { textOr } from "../app/i18n";
import { useMay } from "../app/session";
import { Card, Time } from "../ui/Bits";
import { Failed } from "../ui/States";

const purposes = ["marketing", "personalisation", "service"] as const;
const channels = ["email", "sms", "wechat", "phone", "post"] as const;

function ConsentLine({ consent }: { consent: Consent }) {
  const { t } = useTranslation();
  const granted = consent.status === "granted";
  return (
    <li>
      <span className={granted ? "zx-granted" : "zx-refused"}>
        {granted ? <CheckOutlined aria-hidden /> : <CloseOutlined aria-hidden />}
        {t(`consent.status.${consent.status}`)}
      </span>
      <span>
        {textOr(`consent.purpose.${consent.purpose}`, consent.purpose)} ·{" "}
        {textOr(`channel.${consent.channel}`, consent.channel)}
      </span>
      <Tooltip title={t("consent.proof_of", { proof: consent.proof || "–", version: consent.text_version || "–" })}>
        <span className="zx-masked">
          <Time at={consent.at} />
        </span>
      </Tooltip>
    </li>
  );
}

interface ConsentValues {
  purpose: string;
  channel: string;
  status: string;
  text_version: string;
  proof: string;
}

function ConsentDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<ConsentValues>();
  const save = useMutation({
    mutationFn: (values: ConsentValues) =>
      api.PUT("/api/v1/customers/{id}/consents", { params: { path: { id: customer.id } }, body: values }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["customer", customer.id] });
      message.success(t("common.saved"));
      onClose();
    },
  });
  const need = [{ required: true, message: t("form.required") }];
  return (
    <Modal
      open
      title={t("consent.change")}
      okText={t("common.save")}
      onOk={() => form.submit()}
      onCancel={onClose}
      confirmLoading={save.isPending}
    >
      {save.error && <Failed error={save.error} />}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => save.mutate(values)}
        initialValues={{ purpose: "marketing", status: "granted", text_version: "", proof: "" }}
      >
        <Form.Item name="purpose" label={t("consent.purpose")} rules={need}>
          <Select options={purposes.map((value) => ({ value, label: t(`consent.purpose.${value}`) }))} />
        </Form.Item>
        <Form.Item name="channel" label={t("now.channel")} rules={need}>
          <Select options={channels.map((value) => ({ value, label: t(`channel.${value}`) }))} />
        </Form.Item>
        <Form.Item name="status" label={t("consent.status")}>
          <Radio.Group
            options={(["granted", "refused", "withdrawn"] as const).map((value) => ({
              value,
              label: t(`consent.status.${value}`),
            }))}
          />
        </Form.Item>
        <Form.Item
          name="text_version"
          label={t("consent.text_version")}
          rules={need}
          extra={t("consent.text_version_help")}
        >
          <Input maxLength={40} />
        </Form.Item>
        <Form.Item name="proof" label={t("consent.proof")} rules={need} extra={t("consent.proof_help")}>
          <Input maxLength={200} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

export function ConsentCard({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState(false);
  return (
    <Card
      title={t("consent.title")}
      extra={
        may("customer.write") && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t("consent.change")}
          </Button>
        )
      }
    >
      {customer.consents.length ? (
        <ul className="zx-consents">
          {customer.consents.map((consent) => (
            <ConsentLine key={`${consent.purpose}${consent.channel}`} consent={consent} />
          ))}
        </ul>
      ) : (
        <p className="zx-masked">{t("consent.none")}</p>
      )}
      {open && <ConsentDialog customer={customer} onClose={() => setOpen(false)} />}
    </Card>
  );
}
