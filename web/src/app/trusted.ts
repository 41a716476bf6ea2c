// Trusted Types: with `require-trusted-types-for 'script'` no text becomes markup or script here. The one exception
// is antd, which writes its style sheets by innerHTML: text without any tag is let through, all else is refused.
interface TrustedTypesFactory {
  createPolicy(name: string, rules: { createHTML(text: string): string }): unknown;
}

const factory = (window as unknown as { trustedTypes?: TrustedTypesFactory }).trustedTypes;

factory?.createPolicy("default", {
  createHTML(text) {
    if (text.includes("<")) throw new TypeError("markup refused");
    return text;
  },
});

export {};
