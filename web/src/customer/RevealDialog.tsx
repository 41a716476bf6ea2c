// 查看明文: which fields, for what, why; the values stand for a minute under the viewer's own name and then go.
// The server writes the record of it before it answers.
import { useMutation } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, Modal, Progress, Radio } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { Customer } from "../api/types";
import { textOr } from "../app/i18n";
import { useMe } from "../app/session";
import { Label } from "../ui/Bits";
import { Failed } from "../ui/States";
import "./reveal.css";

const purposes = ["contact", "delivery", "after_sales", "verify", "request"] as const;

function offered(customer: Customer): string[] {
  const kinds = new Set(customer.identifiers.filter((one) => one.status !== "removed").map((one) => one.kind));
  return [
    customer.name && "name",
    (customer.phone || kinds.has("phone")) && "phone",
    kinds.has("email") && "email",
    (customer.card || kinds.has("card")) && "card",
    customer.birthday && "birthday",
    customer.addresses.length > 0 && "address",
    (kinds.has("unionid") || kinds.has("openid")) && "wechat",
    kinds.has("weibo") && "weibo",
    kinds.has("account") && "account",
    customer.refund_account && "refund_account",
  ].filter(Boolean) as string[];
}

function Watermark({ text }: { text: string }) {
  return (
    <div className="zx-watermark" aria-hidden="true">
      {Array.from({ length: 40 }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all the same
        <span key={i}>{text}</span>
      ))}
    </div>
  );
}

interface Revealed {
  values: Record<string, string | string[]>;
  seconds: number;
}

function Plain({ revealed, onOver }: { revealed: Revealed; onOver: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const [left, setLeft] = useState(revealed.seconds);
  useEffect(() => {
    const end = Date.now() + revealed.seconds * 1000;
    const timer = window.setInterval(() => {
      const rest = Math.ceil((end - Date.now()) / 1000);
      setLeft(rest);
      if (rest <= 0) onOver();
    }, 250);
    return () => window.clearInterval(timer);
  }, [revealed, onOver]);
  return (
    <div className="zx-plain">
      <Watermark text={`${me.name} ${new Date().toLocaleDateString()}`} />
      <dl>
        {Object.entries(revealed.values).map(([field, value]) => (
          <Label key={field} name={textOr(`reveal.field.${field}`, field)}>
            {(Array.isArray(value) ? value : [value]).map((text) => (
              <strong key={text} className="zx-plain-value">
                {text}
              </strong>
            ))}
          </Label>
        ))}
      </dl>
      <div className="zx-countdown">
        <Progress
          type="circle"
          size={36}
          percent={(left / revealed.seconds) * 100}
          format={() => left}
          aria-label={t("reveal.left", { count: left })}
        />
        <span>{t("reveal.left", { count: left })}</span>
      </div>
    </div>
  );
}

interface RevealValues {
  fields: string[];
  purpose: string;
  reason: string;
}

export function RevealDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<RevealValues>();
  const reveal = useMutation({
    mutationFn: (values: RevealValues) =>
      body(api.POST("/api/v1/customers/{id}/reveal", { params: { path: { id: customer.id } }, body: values })),
    gcTime: 0,
  });
  const fields = offered(customer);
  if (reveal.data) {
    return (
      <Modal
        open
        title={t("reveal.title")}
        onCancel={onClose}
        footer={<Button onClick={onClose}>{t("reveal.hide")}</Button>}
      >
        <Plain revealed={reveal.data} onOver={onClose} />
      </Modal>
    );
  }
  return (
    <Modal
      open
      title={t("reveal.title")}
      okText={t("reveal.show")}
      onOk={() => form.submit()}
      onCancel={onClose}
      confirmLoading={reveal.isPending}
    >
      <p className="zx-masked">{t("reveal.text")}</p>
      {reveal.error && <Failed error={reveal.error} />}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ fields: fields.includes("phone") ? ["phone"] : fields.slice(0, 1) }}
        onFinish={(values) => reveal.mutate(values)}
      >
        <Form.Item
          name="fields"
          label={t("reveal.fields")}
          rules={[
            {
              validator: (_, chosen?: string[]) =>
                chosen?.length ? Promise.resolve() : Promise.reject(new Error(t("reveal.need_field"))),
            },
          ]}
        >
          <Checkbox.Group options={fields.map((value) => ({ value, label: textOr(`reveal.field.${value}`, value) }))} />
        </Form.Item>
        <Form.Item
          name="purpose"
          label={t("reveal.purpose")}
          rules={[{ required: true, message: t("reveal.need_purpose") }]}
        >
          <Radio.Group
            className="zx-stacked"
            options={purposes.map((value) => ({ value, label: t(`reveal.purpose.${value}`) }))}
          />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t("reveal.reason")}
          rules={[{ required: true, whitespace: true, min: 4, message: t("reveal.need_reason") }]}
        >
          <Input.TextArea autoSize={{ minRows: 2 }} maxLength={200} placeholder={t("reveal.reason_help")} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
